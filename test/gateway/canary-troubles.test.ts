import { test } from 'tap';
import { callUntil, canaryApi, canaryModel, quickPlan } from '../helpers/canary.ts';
import { eventually } from '../helpers/eventually.ts';
import { startTestGateway, targetsIn } from '../helpers/gateway.ts';
import { startTestSimulator } from '../helpers/simulator.ts';
import { stateDir } from '../helpers/state-dir.ts';

const regions = ['us-east-1', 'us-west-2', 'eu-west-1'];
/** One step that is never over. */
const long = { ...quickPlan, steps: [30], minSample: 1_000_000 };
const quickHealth = { baseEjectionMs: 300, maxEjectionMs: 600, slowStartMs: 0 };

test('a region that goes down freezes the canary, which is not blamed and goes on when it is back', async t => {
  const everywhere = { canary: long, routing: { policy: 'weighted' } };
  const config = { health: quickHealth, models: { rain: canaryModel(everywhere, regions) } };
  const gateway = await startTestGateway(t, config, { logLevel: 'error' });
  const { post, status } = canaryApi(gateway);
  await post('start', { model: 'rain', version: 'v2' });
  const states: string[] = [];
  const seen = async (wanted: string) => {
    const now = await status();
    states.push(now?.state ?? '');
    return now?.state === wanted || now?.state === 'rolled-back';
  };
  await callUntil(gateway, async () => ((await status())?.stepCalls ?? 0) > 40);
  const before = await status();
  const fault = await gateway.simulator.faults.add({ region: 'us-west-2', kind: 'refuse' });
  const during = await callUntil(gateway, () => seen('frozen'));
  t.match(await status(), { state: 'frozen', degraded: ['us-west-2'] });
  t.ok(
    during.every(({ status: code }) => code === 200),
    'callers notice nothing',
  );
  await gateway.simulator.faults.remove(fault);
  await callUntil(gateway, () => seen('stepping'));
  const after = await status();
  t.match(after, { state: 'stepping', degraded: [] });
  t.notOk(states.includes('rolled-back'));
  t.ok((after?.canary.calls ?? 0) > (before?.canary.calls ?? 0), 'other regions went on counting');
});

test('a canary goes on over a restart: same callers, same evidence, no step lost', async t => {
  const [simulator, dir] = [await startTestSimulator(t), stateDir(t)];
  const config = { stateDir: dir, models: { rain: canaryModel({ canary: long }, regions) } };
  const first = await startTestGateway(t, config, { running: simulator, logLevel: 'error' });
  await canaryApi(first).post('start', { model: 'rain', version: 'v2' });
  const before = await callUntil(first, async () => ((await canaryApi(first).status())?.stepCalls ?? 0) > 40);
  await first.app.shutdown();
  const second = await startTestGateway(t, config, { running: simulator, logLevel: 'error' });
  const resumed = await canaryApi(second).status();
  t.match(resumed, { state: 'stepping', share: 0.3 });
  t.ok((resumed?.stepCalls ?? 0) > 40, `${resumed?.stepCalls} calls remembered`);
  const after = await callUntil(second, async () => ((await canaryApi(second).status())?.stepCalls ?? 0) > 90);
  const versionOf = new Map(before.map(({ session, version }) => [session, version]));
  t.ok(
    after.every(({ session, version }) => (versionOf.get(session) ?? version) === version),
    'callers keep their version',
  );
  const history = await second.app.canaries.history.read('rain', 1_000);
  t.strictSame(
    history.map(({ revision }) => revision),
    history.map((_, index) => index + 1),
    'every revision once',
  );
});

test('raising the share only adds callers', async t => {
  const steps = { ...quickPlan, steps: [20, 50, 80], minSample: 40 };
  const gateway = await startTestGateway(
    t,
    { models: { rain: canaryModel({ canary: steps }, regions) } },
    { logLevel: 'error' },
  );
  const { post, status } = canaryApi(gateway);
  await post('start', { model: 'rain', version: 'v2' });
  const got = await callUntil(gateway, async () => (await status())?.state === 'promoted');
  const changed = new Map<string, (string | null)[]>();
  for (const { session, version } of got) {
    const versions = changed.get(session) ?? [];
    if (versions.at(-1) !== version) changed.set(session, [...versions, version]);
  }
  const back = [...changed.values()].filter(
    versions => versions.join() !== 'v1' && versions.join() !== 'v1,v2' && versions.join() !== 'v2',
  );
  t.strictSame(back, [], 'nobody goes back to v1');
  t.ok([...changed.values()].some(versions => versions.join() === 'v1,v2'));
});

test('a canary whose targets are ejected answers for it', async t => {
  const config = {
    health: { consecutiveFailures: 2, baseEjectionMs: 60_000 },
    models: { rain: canaryModel({ canary: long }, ['us-east-1']) },
  };
  const gateway = await startTestGateway(t, config, { logLevel: 'error' });
  const { post, status } = canaryApi(gateway);
  await callUntil(gateway, async () => true);
  await post('start', { model: 'rain', version: 'v2', steps: [5] });
  await gateway.simulator.faults.add({ region: 'us-east-1', kind: 'error', endpoint: 'rain-v2' });
  await callUntil(gateway, async () => (await status())?.state !== 'stepping');
  const last = await status();
  t.equal(last?.state, 'rolled-back', JSON.stringify(last?.waitsFor));
  t.ok((last?.canary.errors ?? 0) > 2, `${last?.canary.errors} failed, two of them tried`);
});

test('rolling back purges the version’s answers, and its callers are served by stable', async t => {
  const model = canaryModel({ canary: { ...long, steps: [100] }, cache: { freshSeconds: 3600 } }, regions);
  const gateway = await startTestGateway(t, { models: { rain: model } }, { logLevel: 'error' });
  const { post } = canaryApi(gateway);
  await post('start', { model: 'rain', version: 'v2' });
  const kept = await gateway.call('rain', { body: 'same' });
  t.equal(kept.headers.get('x-meridian-model-version'), 'v2');
  t.equal((await gateway.call('rain', { body: 'same' })).headers.get('x-meridian-cache'), 'hit');
  t.match(await post('abort', { model: 'rain', reason: 'enough' }), { status: 200, body: { state: 'aborted' } });
  const after = await gateway.call('rain', { body: 'same' });
  t.same([after.headers.get('x-meridian-model-version'), after.headers.get('x-meridian-cache')], ['v1', 'miss']);
  await post('start', { model: 'rain', version: 'v2' });
  await eventually(t, 'the purge of the first one reached the cache', async () => {
    const again = await gateway.call('rain', { body: 'same' });
    return again.headers.get('x-meridian-model-version') === 'v2';
  });
});

test('another build behind the endpoint holds a running canary, and what the former one did is no evidence', async t => {
  const gateway = await startTestGateway(
    t,
    { models: { rain: canaryModel({ canary: long }, regions) } },
    { logLevel: 'error' },
  );
  const { post, status } = canaryApi(gateway);
  await post('start', { model: 'rain', version: 'v2' });
  await callUntil(gateway, async () => ((await status())?.stepCalls ?? 0) > 20);
  const target = gateway.app.parts.config().targets.find(({ version }) => version === 'v2');
  if (target === undefined) throw new Error('no target');
  const notice = {
    type: 'build-changed',
    target,
    detail: 'image digest',
    build: 'b2',
    deployedAtMs: undefined,
  } as const;
  gateway.app.canaries.hear(notice);
  await eventually(t, 'it is held', async () => (await status())?.state === 'held');
  t.match((await status())?.waitsFor, [/a person.*another build stands behind v2@us-east-1/]);
  t.match(await post('resume', { model: 'rain' }), { body: { state: 'stepping' } });
  t.match(await status(), { stepCalls: 0, canary: { calls: 0 }, stable: { calls: 0 } });
  await callUntil(gateway, async () => ((await status())?.stepCalls ?? 0) > 20);
});

test('with a shadow stage it gets copies first, and is held when its answers fail', async t => {
  const shadowFirst = { share: 1, minSample: 20, bakeMs: 0 };
  const model = canaryModel({ canary: { ...long, shadowFirst } }, regions);
  const gateway = await startTestGateway(t, { models: { rain: model } }, { logLevel: 'error' });
  const { post, status } = canaryApi(gateway);
  t.match(await post('start', { model: 'rain', version: 'v2' }), { body: { state: 'shadowing', share: 0 } });
  const got = await callUntil(gateway, async () => (await status())?.state === 'stepping');
  t.ok(
    got.slice(0, 20).every(({ version }) => version === 'v1'),
    'nobody gets its answers',
  );
  t.match(await status(), { state: 'stepping', share: 0.3, reason: /mirrored calls were compared/ });
  await post('abort', { model: 'rain' });
  for (const region of regions) await gateway.simulator.faults.add({ region, kind: 'error', endpoint: 'rain-v3' });
  await post('start', { model: 'rain', version: 'v3' });
  await callUntil(gateway, async () => (await status())?.state === 'held');
  t.match(await status(), { state: 'held', share: 0, reason: /100\.0 % of \d+ mirrored calls failed/ });
});

test('a version that never answers its copies does not pass the shadow stage', async t => {
  const shadowFirst = { share: 1, minSample: 8, bakeMs: 0 };
  const shadow = { timeoutMs: 200, maxConcurrency: 16 };
  const model = canaryModel({ canary: { ...long, shadowFirst }, shadow }, regions);
  // Never ejected, so that it is asked, and silent, to the end.
  const config = { health: { consecutiveFailures: 1_000, minimumRequests: 10_000 }, models: { rain: model } };
  const gateway = await startTestGateway(t, config, { logLevel: 'error' });
  const { post, status } = canaryApi(gateway);
  for (const region of regions) await gateway.simulator.faults.add({ region, kind: 'black-hole', endpoint: 'rain-v3' });
  await post('start', { model: 'rain', version: 'v3' });
  await callUntil(gateway, async () => (await status())?.state === 'held');
  t.match(await status(), { state: 'held', share: 0, reason: /100\.0 % of \d+ mirrored calls failed/ });
});

test('calls whose copies may not go to the version do not fail its shadow stage', async t => {
  const shadowFirst = { share: 1, minSample: 20, bakeMs: 0 };
  const versions = {
    v1: { weight: 100, targets: targetsIn(regions) },
    v2: { weight: 0, targets: targetsIn(['us-east-1'], 'rain-v2') },
  };
  const models = { rain: canaryModel({ canary: { ...long, shadowFirst }, versions }) };
  const gateway = await startTestGateway(t, { models }, { logLevel: 'error' });
  const { post, status } = canaryApi(gateway);
  await post('start', { model: 'rain', version: 'v2' });
  const { shadowing } = gateway.app;
  await eventually(t, 'it is mirrored', () => shadowing.mirroredOf('rain').length === 1);
  for (let call = 0; call < 20; call += 1) await gateway.call('rain', { headers: { 'x-meridian-residency': 'eu' } });
  await eventually(t, 'none goes there', () => shadowing.view()[0]?.dropped['no-target'] === 20);
  await callUntil(gateway, async () => (await status())?.state !== 'shadowing');
  t.match(await status(), { state: 'stepping' });
});

test('explain tells who is on trial, and who was promoted', async t => {
  const gateway = await startTestGateway(t, { models: { rain: canaryModel({ canary: long }, regions) } });
  const { post } = canaryApi(gateway);
  const explained = async () => {
    const answer = await fetch(`${gateway.urls.admin}/admin/explain?model=rain`);
    const { canary, versions } = (await answer.json()) as {
      canary?: string;
      versions: { version: string; share: number }[];
    };
    return { canary, shares: Object.fromEntries(versions.map(({ version, share }) => [version, share])) };
  };
  t.match(await explained(), { canary: undefined, shares: { v1: 1, v2: 0, v3: 0 } });
  await post('start', { model: 'rain', version: 'v2' });
  t.match(await explained(), { canary: /v2 is on trial .* 30 % of calls/, shares: { v1: 0.7, v2: 0.3, v3: 0 } });
  await post('promote', { model: 'rain' });
  t.match(await explained(), { canary: /v2 was promoted/, shares: { v1: 0, v2: 1, v3: 0 } });
});
