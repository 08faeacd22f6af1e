import { test } from 'tap';
import type { FallbackStep, Model } from '../../src/core/model.ts';
import type { InferenceRequest } from '../../src/core/request.ts';
import type { CacheEntry } from '../../src/fallback/cache.ts';
import { allowedSteps, type FallbackCall, fallBack, fallbackRequest, staleVersions } from '../../src/fallback/chain.ts';
import { callOf, entryOf } from '../helpers/fallback-fixtures.ts';
import { modelOf, targetOf, versionOf } from '../helpers/routing-fixtures.ts';

const now = 1_000_000_000;
const cache = { freshSeconds: 30, staleIfErrorSeconds: 3_600, staleWhileRevalidateSeconds: 0 };
const stale: FallbackStep = { kind: 'stale' };
const lite: FallbackStep = { kind: 'model', model: 'rain-lite' };
const fixed: FallbackStep = { kind: 'static', contentType: 'text/plain', body: Buffer.from('no idea') };
const rainLite = modelOf([versionOf([targetOf({ model: 'rain-lite' })])], { name: 'rain-lite' });
const rain = modelOf(
  [
    versionOf([targetOf()], { name: 'v1', weight: 99 }),
    versionOf([targetOf({ version: 'v2' })], { name: 'v2', weight: 1 }),
  ],
  { cache, fallback: [stale, lite, fixed] },
);

interface Scene {
  readonly model?: Model;
  readonly other?: Model;
  readonly request?: InferenceRequest;
  readonly version?: string;
  readonly bound?: ReadonlySet<string>;
  readonly depth?: number;
  readonly kinds?: FallbackStep['kind'][];
  /** Cached entries by version. */
  readonly cached?: Record<string, CacheEntry>;
  /** What the fallback model comes to. */
  readonly liteAnswers?: string;
}

function sceneOf(scene: Scene): FallbackCall<string> & { lookedUp: string[]; called: InferenceRequest[] } {
  const lookedUp: string[] = [];
  const called: InferenceRequest[] = [];
  const other = scene.other ?? rainLite;
  return {
    model: scene.model ?? rain,
    request: scene.request ?? callOf(),
    version: scene.version ?? 'v1',
    bound: scene.bound,
    depth: scene.depth ?? 0,
    kinds: scene.kinds ?? ['stale', 'model', 'static'],
    nowWallMs: now,
    findModel: name => (name === other.name ? other : undefined),
    lookUp: async version => {
      lookedUp.push(version);
      return scene.cached?.[version];
    },
    callModel: async (_model, request) => {
      called.push(request);
      return scene.liteAnswers;
    },
    lookedUp,
    called,
  };
}
const kindsOf = (scene: Scene) => allowedSteps(sceneOf(scene)).map(step => step.kind);

test('the chain goes down the model’s list in its order and stops at the first answer', async t => {
  const old = entryOf(now - 100_000);
  t.same(await fallBack(sceneOf({ cached: { v1: old }, liteAnswers: 'maybe' })), {
    kind: 'stale',
    entry: old,
  });
  const byModel = sceneOf({ liteAnswers: 'maybe' });
  t.same(await fallBack(byModel), { kind: 'model', model: 'rain-lite', result: 'maybe' });
  t.equal(byModel.called[0]?.model, 'rain-lite');
  t.match(await fallBack(sceneOf({})), { kind: 'static', answer: { status: 200, body: Buffer.from('no idea') } });
  const reversed = modelOf(rain.versions, { cache, fallback: [fixed, stale] });
  t.match(await fallBack(sceneOf({ model: reversed, cached: { v1: old } })), { kind: 'static' });
  t.equal(await fallBack(sceneOf({ model: modelOf(rain.versions) })), undefined, 'a model that did not opt in');
});

test('a caller who refuses substitutes is given none', async t => {
  const request = callOf({ hints: { fallback: 'none' } });
  t.same(kindsOf({ request }), []);
  const scene = sceneOf({ request, cached: { v1: entryOf(now) }, liteAnswers: 'maybe' });
  t.equal(await fallBack(scene), undefined);
  t.same([scene.lookedUp, scene.called], [[], []]);
});

test('a fallback model has no chain of its own', t => {
  t.same(kindsOf({ depth: 1 }), []);
  t.end();
});

test('only the kinds asked for are tried', async t => {
  t.same(kindsOf({ kinds: ['model', 'static'] }), ['model', 'static']);
  t.equal(await fallBack(sceneOf({ kinds: ['stale'], liteAnswers: 'maybe' })), undefined);
});

test('another model stands in only for callers allowed it, or if it is public', t => {
  const request = callOf({ caller: { models: new Set(['rain']) } });
  t.same(kindsOf({ request }), ['stale', 'static']);
  t.same(kindsOf({ request, other: { ...rainLite, publicFallback: true } }), ['stale', 'model', 'static']);
  t.same(kindsOf({ request: callOf({ caller: { models: new Set(['rain', 'rain-lite']) } }) }), [
    'stale',
    'model',
    'static',
  ]);
  t.same(kindsOf({ other: { ...rainLite, name: 'gone' } }), ['stale', 'static'], 'a model that is no longer there');
  t.end();
});

test('another model stands in only within the residency bound of the first', t => {
  const american = { ...rainLite, residency: new Set(['us']) };
  t.same(kindsOf({ bound: new Set(['eu']), other: american }), ['stale', 'static']);
  t.same(kindsOf({ bound: new Set(['eu', 'us']), other: american }), ['stale', 'model', 'static']);
  t.same(kindsOf({ bound: new Set(['eu']) }), ['stale', 'model', 'static'], 'it is bound when called instead');
  const passedOn = fallbackRequest(callOf(), rainLite, new Set(['eu']));
  t.same(passedOn.caller.residency, new Set(['eu']));
  t.equal(fallbackRequest(callOf(), rainLite, undefined).caller.residency, undefined);
  t.end();
});

test('fields that address parts of the first model’s endpoint stay behind', t => {
  const fields = {
    accept: 'text/csv',
    targetModel: 'jfk.tar.gz',
    targetVariant: 'blue',
    targetContainerHostname: 'second',
    inferenceComponent: 'part',
  };
  const request = callOf({ fields });
  const kept = { contentType: 'application/json', accept: 'text/csv' };
  t.same(fallbackRequest(request, rainLite, undefined).fields, kept);
  const many = modelOf([versionOf([targetOf({ kind: 'sagemaker-multi-model' })])], { name: 'rain-lite' });
  t.same(fallbackRequest(request, many, undefined).fields, { ...kept, targetModel: 'jfk.tar.gz' });
  t.end();
});

test('stale answers are looked up for the version chosen, then for stable, never for a canary', async t => {
  t.same(staleVersions(rain, 'v1'), ['v1']);
  t.same(staleVersions(rain, 'v2'), ['v2', 'v1']);
  t.same(staleVersions(rain, undefined), ['v1']);
  const even = modelOf([versionOf([], { name: 'a', weight: 50 }), versionOf([], { name: 'b', weight: 50 })]);
  t.same(staleVersions(even, 'b'), ['b', 'a'], 'the first of equals');

  const canaryOnly = sceneOf({ cached: { v2: entryOf(now, { version: 'v2' }) }, kinds: ['stale'] });
  t.equal(await fallBack(canaryOnly), undefined);
  t.same(canaryOnly.lookedUp, ['v1']);
  const tooOld = entryOf(now - 3_630_000, { version: 'v2' });
  const canaryCaller = sceneOf({ version: 'v2', cached: { v2: tooOld, v1: entryOf(now - 1_000) } });
  t.match(await fallBack(canaryCaller), { kind: 'stale', entry: { version: 'v1' } });
});

test('an answer older than model or caller accepts is no stand-in', async t => {
  const kinds: FallbackStep['kind'][] = ['stale'];
  t.equal(await fallBack(sceneOf({ kinds, cached: { v1: entryOf(now - 3_630_000) } })), undefined);
  const picky = callOf({ hints: { cache: { noCache: false, noStore: false, maxStaleSeconds: 10 } } });
  t.equal(await fallBack(sceneOf({ kinds, request: picky, cached: { v1: entryOf(now - 41_000) } })), undefined);
  t.match(await fallBack(sceneOf({ kinds, request: picky, cached: { v1: entryOf(now - 39_000) } })), { kind: 'stale' });
});

test('calls that bypass the cache get no stale answer', t => {
  const noCache = callOf({ hints: { cache: { noCache: true, noStore: false } } });
  for (const request of [noCache, callOf({ fields: { sessionId: 's-1' } })]) {
    t.same(kindsOf({ request }), ['model', 'static']);
  }
  t.same(kindsOf({ model: { ...rain, cache: undefined } }), ['model', 'static']);
  t.end();
});
