import { test } from 'tap';
import { containers } from '../../sim/models/containers.ts';
import type { ShadowView } from '../../src/rollout/shadow.ts';
import type { Explanation } from '../../src/routing/explanation.ts';
import { renderExplain } from '../../src/routing/render-explain.ts';
import { eventually } from '../helpers/eventually.ts';
import { type ConfigData, regionNames, startTestGateway, type TestGateway, targetsIn } from '../helpers/gateway.ts';
import { echoContainers } from '../helpers/simulator.ts';

const priced = { price: { instance: 'ml.m5.large' } };
/** v1 answers; the other version gets copies. */
const shadowed = (endpoint: string, shadow: ConfigData = {}, more: ConfigData = {}): ConfigData => ({
  rain: {
    versions: {
      v1: { targets: targetsIn(['us-east-1'], 'rain-v1', priced) },
      other: { weight: 0, targets: targetsIn(['us-east-1'], endpoint, priced) },
    },
    shadow: { version: 'other', share: 1, ...shadow },
    ...more,
  },
});
const day = (wind: number) => ({
  body: JSON.stringify({
    instances: [{ date: '2014-11-03', precipitation: 4.1, temp_max: 11.7, temp_min: 7.2, wind }],
  }),
  headers: { 'content-type': 'application/json' },
});

/** The same, without asking over HTTP. */
function viewOf(gateway: TestGateway): ShadowView {
  const [only] = gateway.app.shadowing.view();
  if (only === undefined) throw new Error('nothing is mirrored');
  return only;
}

/** What operators are shown. */
async function shadowOf(gateway: TestGateway): Promise<ShadowView & { marginalUsd: number; amortisedUsd: number }> {
  const response = await fetch(`${gateway.urls.admin}/admin/shadow`);
  const { shadows } = (await response.json()) as {
    shadows: (ShadowView & { marginalUsd: number; amortisedUsd: number })[];
  };
  const [only] = shadows;
  if (only === undefined) throw new Error('nothing is mirrored');
  return only;
}

const metricsOf = async (gateway: TestGateway) => (await fetch(`${gateway.urls.admin}/metrics`)).text();

test('a version that is the same agrees in every call, and one that is broken in none', async t => {
  for (const [endpoint, exact] of [
    ['rain-v1', true],
    ['rain-v3', false],
  ] as const) {
    const gateway = await startTestGateway(t, { models: shadowed(endpoint) }, { simulator: { containers } });
    for (let call = 0; call < 60; call += 1) {
      const answer = await gateway.call('rain', day(call / 10));
      t.equal(answer.headers.get('x-meridian-model-version'), 'v1', 'callers get the primary’s answer');
      await eventually(t, 'it was compared', () => viewOf(gateway).compared === call + 1);
    }
    const seen = await shadowOf(gateway);
    t.match(seen, { mirrored: 60, scores: 60, labels: 0, waiting: 0, underWay: 0 });
    t.equal(seen.agreedShare, exact ? 1 : 0, endpoint);
    t.equal(seen.recent.length, exact ? 0 : 10);
    t.ok(exact ? seen.psi === 0 : (seen.psi ?? 0) > 0.25, `psi ${seen.psi}`);
    t.ok(seen.amortisedUsd > 0, 'what it cost is shown');
    const text = await metricsOf(gateway);
    const agreement = exact ? 'exact' : 'different';
    t.match(text, `meridian_shadow_calls_total{model="rain",version="other",agreement="${agreement}"} 60`);
    t.match(text, /meridian_shadow_difference_count\{model="rain",version="other"\} 60/);
    t.match(text, /meridian_shadow_cost_usd_total\{model="rain",version="other",basis="amortised"\}/);
    t.match(text, /meridian_attempts_total\{model="rain",version="other",.*reason="shadow"\} 60/);
    t.match(text, /meridian_version_calls_total\{model="rain",version="v1",outcome="ok"\} 60/);
    t.notMatch(text, /meridian_version_calls_total\{model="rain",version="other"/);
  }
});

test('predictions are read where the model’s payload says', async t => {
  const models = shadowed('rain-v2', {}, { monitor: { payload: { predictions: '/scores' } } });
  const timed = { predict: () => ({ status: 200, contentType: 'application/json', body: Buffer.from(answer()) }) };
  let answers = 0;
  const answer = () => {
    answers += 1;
    return JSON.stringify({ at: answers, scores: [0.5, 'rain'] });
  };
  const containers = { ...echoContainers, 'rain-v1': timed, 'rain-v2': timed };
  const gateway = await startTestGateway(t, { models }, { simulator: { containers } });
  await gateway.call('rain');
  await eventually(t, 'it was compared', () => viewOf(gateway).compared === 1);
  t.match(await shadowOf(gateway), { by: { close: 1 }, labels: 1, largestDifference: 0 }, 'the time aside');
});

test('a shadow that hangs slows and fails nobody, and what it holds is given back', async t => {
  const shadow = { maxConcurrency: 2, queue: 3, timeoutMs: 400 };
  const gateway = await startTestGateway(t, { models: shadowed('rain-v2', shadow), retryBudget: { ratio: 0 } });
  const { admission, budget } = gateway.app.parts;
  await gateway.simulator.faults.add({ region: 'us-east-1', endpoint: 'rain-v2', kind: 'black-hole' });
  const body = 'x'.repeat(50_000);
  for (let call = 0; call < 40; call += 1) {
    const answer = await gateway.call('rain', { body });
    t.equal(answer.status, 200);
    t.equal(answer.headers.get('x-meridian-attempts'), 'v1@us-east-1/realtime:ok');
    t.ok(admission.heldBytes <= 7 * 2 * body.length, 'five copies are held at most, and one call with its answer');
  }
  await eventually(t, 'no byte is held', () => admission.heldBytes === 0);
  const seen = await shadowOf(gateway);
  t.match(seen, { mirrored: 40, compared: 0, waiting: 0, underWay: 0 });
  t.equal(seen.dropped['queue-full'] + seen.dropped.timeout + seen.dropped['no-target'], 40);
  t.ok(seen.dropped['queue-full'] > 0 && seen.dropped.timeout > 0);
  t.equal(budget.remaining(), 1, 'retries are left to callers');
  const text = await metricsOf(gateway);
  t.match(text, /meridian_shadow_dropped_total\{model="rain",version="other",reason="timeout"\}/);
  t.match(text, /meridian_requests_total\{model="rain",protocol="v1",outcome="ok",answered_by="model"\} 40/);
});

test('copies hold a tenth of the memory at most, with their answers', async t => {
  const small = { maxRequestBytes: 100_000, maxResponseBytes: 100_000 };
  const limits = { maxBufferedBytes: 2_000_000, drainMs: 0, shutdownMs: 2_000 };
  const gateway = await startTestGateway(t, { models: shadowed('rain-v2', {}, small), limits });
  const { admission } = gateway.app.parts;
  const hang = await gateway.simulator.faults.add({ region: 'us-east-1', endpoint: 'rain-v2', kind: 'black-hole' });
  for (let call = 0; call < 8; call += 1) {
    t.equal((await gateway.call('rain', { body: 'x'.repeat(30_000) })).status, 200);
    await eventually(t, 'the call is over', () => admission.heldBytes <= 200_000);
  }
  t.match((await shadowOf(gateway)).dropped, { memory: 5, 'queue-full': 0 }, 'three copies of 60,000 bytes are held');
  await gateway.simulator.faults.remove(hang);
});

test('a target keeps its slots for callers, and a tenant does not pay for copies', async t => {
  const models = {
    rain: {
      versions: {
        v1: { targets: targetsIn(['us-east-1']) },
        other: { weight: 0, targets: targetsIn(['us-east-1'], 'rain-v2', { ...priced, maxConcurrency: 1 }) },
      },
      shadow: { version: 'other', share: 1 },
    },
  };
  const tenants = { anonymous: { budget: { usdPerDay: 1 } } };
  const gateway = await startTestGateway(t, { models, tenants });
  const { parts } = gateway.app;
  await gateway.call('rain');
  await eventually(t, 'it is mirrored', () => viewOf(gateway).compared === 1);
  t.ok((await shadowOf(gateway)).amortisedUsd > 0);
  t.equal(parts.callers.spending.spentUsd('anonymous'), 0);
  const other = parts.config().targets.find(({ version }) => version === 'other');
  if (other === undefined) throw new Error('no target');
  parts.health.acquire(other, 'call', 'normal')?.release(); // a caller was there just now
  await gateway.call('rain');
  await eventually(t, 'the slot is kept', () => viewOf(gateway).dropped['no-target'] === 1);
});

test('failures of the shadow count for its own health alone', async t => {
  const gateway = await startTestGateway(t, { models: shadowed('rain-v2') });
  await gateway.simulator.faults.add({
    region: 'us-east-1',
    endpoint: 'rain-v2',
    kind: 'error',
    errorType: 'InternalFailure',
  });
  for (let call = 0; call < 20; call += 1) {
    t.equal((await gateway.call('rain')).status, 200);
    await eventually(t, 'the copy is settled', () => {
      const { compared, dropped } = viewOf(gateway);
      return compared + dropped['no-target'] === call + 1;
    });
  }
  const seen = await shadowOf(gateway);
  t.ok(seen.by.failed >= 5, 'until it is ejected');
  t.ok(seen.dropped['no-target'] > 0, 'then it gets none');
  const states = gateway.app.parts.health.describeAll().map(({ target, health }) => [target.version, health.breaker]);
  t.same(states, [
    ['v1', 'closed'],
    ['other', 'open'],
  ]);
});

test('residency binds copies too', async t => {
  const model = {
    versions: {
      v1: { targets: targetsIn(regionNames) },
      other: { weight: 0, targets: targetsIn(['us-east-1'], 'rain-v2') },
    },
    shadow: { version: 'other', share: 1 },
  };
  const gateway = await startTestGateway(t, { models: { rain: model } });
  await gateway.call('rain', { headers: { 'x-meridian-residency': 'eu' } });
  await eventually(t, 'it is dropped', () => viewOf(gateway).dropped['no-target'] === 1);
  await gateway.call('rain', { headers: { 'x-meridian-residency': 'us' } });
  await eventually(t, 'it is mirrored', () => viewOf(gateway).compared === 1);
});

test('calls of sessions, cached answers and models that must not run twice are not mirrored', async t => {
  const cached = { cache: { freshSeconds: 60 } };
  const gateway = await startTestGateway(t, { models: shadowed('rain-v2', {}, cached) });
  await gateway.call('rain', { headers: { 'x-amzn-sagemaker-session-id': 'NEW_SESSION' } });
  await gateway.call('rain', { body: 'same' });
  await gateway.call('rain', { body: 'same' });
  await eventually(t, 'one was', () => viewOf(gateway).compared === 1);
  t.equal((await shadowOf(gateway)).mirrored, 1);
  t.throws(() => gateway.resolve({ models: shadowed('rain-v2', {}, { idempotent: false }) }), /runs twice/);
});

test('explain tells who gets copies; a draining gateway makes none', async t => {
  const gateway = await startTestGateway(t, { models: shadowed('rain-v2', { share: 0.5 }) });
  const explained = await (await fetch(`${gateway.urls.admin}/admin/explain?model=rain`)).json();
  t.match(explained, { mirrored: [{ version: 'other', share: 0.5 }] });
  t.match(renderExplain(explained as Explanation), /50 % of calls are mirrored to other/);
  const asked = gateway.app.shadowing.mirror('rain', 'other', 1);
  await gateway.simulator.faults.add({ region: 'us-east-1', endpoint: 'rain-v2', kind: 'black-hole' });
  await gateway.call('rain');
  gateway.app.shadowing.stop();
  await gateway.call('rain');
  await eventually(t, 'both are dropped', () => asked.agreement().dropped.draining === 2);
  t.equal(gateway.app.parts.admission.heldBytes, 0);
});
