import { test } from 'tap';
import { type CanaryRecord, readRecord } from '../../src/rollout/canary/record.ts';
import { callUntil, canaryApi, manyCalls, quickPlan } from '../helpers/canary.ts';
import { eventually } from '../helpers/eventually.ts';
import { inTurn, isShare, replicaRegions, standing, threeReplicas, watchViews } from '../helpers/gateway-replicas.ts';

test('three replicas follow one canary; Redis killed mid-way stops it, and splits no brain', async t => {
  const plan = { ...quickPlan, steps: [20, 60], minSample: 60 };
  const { redis, gateways, begun, all, missed } = await threeReplicas(t, plan);
  const views = watchViews(t, gateways);
  const callers = inTurn(gateways);
  await begun('v2');
  await eventually(t, 'all know of it', () => all(record => record?.state === 'stepping'));
  await callUntil(callers, () => all(record => (record?.stepCalls.calls ?? 0) > 20));
  await redis.kill();
  await missed();
  const stood = await standing(gateways);
  const during = await manyCalls(callers, 2_000);
  t.strictSame(
    gateways.map(({ app }) => app.canaries.record('rain')?.revision),
    stood,
    'nobody went on alone',
  );
  t.match(await canaryApi(gateways[1]).post('promote', { model: 'rain' }), { status: 503 }, 'nor at a person’s word');
  isShare(t, during, 0.2, 'without Redis');
  await redis.restart();
  await callUntil(callers, () => all(record => record?.state === 'promoted'));
  t.ok(
    await all(record => record?.state === 'promoted'),
    'it goes on when Redis is back, though Redis forgot everything',
  );
  views.onlyForward('revision', 'share');
});

test('what is safe works without Redis, and holds on all replicas when it is back', async t => {
  const plan = { ...quickPlan, steps: [50], minSample: 1_000_000 };
  const { redis, simulator, gateways, begun, all, missed } = await threeReplicas(t, plan);
  const callers = inTurn(gateways);
  const goes = async () => {
    await redis.kill();
    await missed();
  };
  const inRecord = (state: string) => (record: CanaryRecord | undefined) => record?.state === state;

  await begun('v2');
  await eventually(t, 'all know of it', () => all(inRecord('stepping')));
  await callUntil(callers, () => all(record => (record?.stepCalls.calls ?? 0) > 60));
  await goes();
  for (const region of replicaRegions) await simulator.faults.add({ region, kind: 'error', endpoint: 'rain-v2' });
  await callUntil(callers, () => all(inRecord('rolled-back')));
  t.ok(await all(inRecord('rolled-back')), 'a version that breaks is rolled back by each replica’s own counts');
  await redis.restart();
  await eventually(t, 'the record says so when it is back', async () =>
    gateways.every(({ app }) => readRecord(app.parts.stores.state.get('canary/rain'))?.state === 'rolled-back'),
  );

  await begun('v3');
  await eventually(t, 'all know of the next one', () => all(inRecord('stepping')));
  await goes();
  const aborted = await canaryApi(gateways[1]).post('abort', { model: 'rain', reason: 'on fire' });
  t.match(aborted, { status: 200, body: { state: 'aborted' } });
  t.equal(gateways[1].app.canaries.record('rain')?.state, 'aborted', 'an abort works at once where it was asked for');
  t.equal(gateways[0].app.canaries.record('rain')?.state, 'stepping', 'the others cannot know yet');
  await redis.restart();
  await eventually(t, 'all know it then', () => all(inRecord('aborted')));
  await eventually(t, 'and the record says who did it', async () => {
    const record = readRecord(gateways[2].app.parts.stores.state.get('canary/rain'));
    return record?.state === 'aborted' && record.audit.at(-1)?.reason === 'on fire';
  });
});
