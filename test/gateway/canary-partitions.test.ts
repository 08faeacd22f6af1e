import { test } from 'tap';
import { callUntil, canaryApi, manyCalls, quickPlan } from '../helpers/canary.ts';
import { eventually } from '../helpers/eventually.ts';
import type { TestGateway } from '../helpers/gateway.ts';
import { inTurn, isShare, threeReplicas, watchViews } from '../helpers/gateway-replicas.ts';

/** At 60 % there is time for a person to pause it. */
const shares = [20, 60, 100];
const plan = { ...quickPlan, steps: [20, { share: 60, bakeMs: 4_000 }, 100], minSample: 100 };
const recordOf = ({ app }: TestGateway) => app.canaries.record('rain');
const stepOf = (gateway: TestGateway) => recordOf(gateway)?.step ?? -1;

test('a replica cut off from Redis keeps its share while two go on, and takes nobody back when Redis forgets', async t => {
  const { redis, ways, gateways, begun, all } = await threeReplicas(t, plan);
  const [alone, ...others] = gateways;
  const views = watchViews(t, gateways);
  await begun('v2');
  await eventually(t, 'all know of it', () => all(record => record?.state === 'stepping'));
  await ways[0].set('refuse');
  await eventually(t, 'one is alone', () => alone.app.parts.stores.redisUp() === false);
  const before = recordOf(alone);
  await callUntil(inTurn(others), async () => others.every(gateway => stepOf(gateway) >= 1));
  t.match(await canaryApi(others[0] as TestGateway).post('pause', { model: 'rain' }), { status: 200 });
  await eventually(t, 'two have stopped', () => others.every(each => recordOf(each)?.state === 'paused'));
  const ahead = stepOf(others[0] as TestGateway);
  isShare(t, await manyCalls(alone, 400), 0.2, 'cut off');
  isShare(t, await manyCalls(inTurn(others), 400), (shares[ahead] as number) / 100, 'together');
  for (const act of ['pause', 'promote'])
    t.match(await canaryApi(alone).post(act, { model: 'rain' }), { status: 503 }, act);
  t.equal(recordOf(alone)?.step, before?.step);

  for (const way of ways.slice(1)) await way.set('refuse');
  await redis.restart();
  await ways[0].set('pass');
  await eventually(t, 'it goes on', () => (recordOf(alone)?.revision ?? 0) > (before?.revision ?? 0));
  t.match(recordOf(alone), { state: 'stepping', step: 0 }, 'it is the only one that this Redis knows');
  for (const way of ways.slice(1)) await way.set('pass');
  await eventually(t, 'what the two had come to stands', () =>
    all(({ state, step } = {} as never) => state === 'paused' && step >= ahead),
  );
  t.match(await canaryApi(alone).post('resume', { model: 'rain' }), { status: 200 });
  await callUntil(inTurn(gateways), () => all(record => record?.state === 'promoted'));
  views.onlyForward('share');
  t.ok(await all(record => record?.state === 'promoted'));
});
