import { test } from 'tap';
import { callUntil, canaryApi, manyCalls, quickPlan } from '../helpers/canary.ts';
import { eventually } from '../helpers/eventually.ts';
import type { TestGateway } from '../helpers/gateway.ts';
import { inTurn, isShare, threeReplicas, watchViews } from '../helpers/gateway-replicas.ts';

const plan = { ...quickPlan, steps: [20, 60, 100], minSample: 60 };
const recordOf = ({ app }: TestGateway) => app.canaries.record('rain');
const stepOf = (gateway: TestGateway) => recordOf(gateway)?.step ?? -1;

test('a replica that restarts while Redis is away goes on as all others, and all of them when it is back', async t => {
  const { redis, gateways, begun, all, missed, restart } = await threeReplicas(t, plan, { remembers: true });
  const views = watchViews(t, gateways);
  await begun('v2');
  await eventually(t, 'all know of it', () => all(record => record?.state === 'stepping'));
  await callUntil(inTurn(gateways), () => all(record => (record?.stepCalls.calls ?? 0) > 20));
  await redis.kill();
  await missed();
  await restart(1);
  const [first, restarted] = gateways;
  t.match(recordOf(restarted), { state: 'stepping', step: recordOf(first)?.step, canary: 'v2' });
  const during = await manyCalls(restarted, 400);
  isShare(t, during, (plan.steps[stepOf(restarted)] as number) / 100, 'restarted');
  t.ok(during.every(({ status }) => status === 200));
  t.match(await canaryApi(restarted).post('promote', { model: 'rain' }), { status: 503 });
  for (let kills = 0; kills < 2; kills += 1) {
    await redis.restart(); // it comes and goes
    await manyCalls(inTurn(gateways), 200);
    await redis.kill();
  }
  await redis.restart();
  const got = await callUntil(inTurn(gateways), () => all(record => record?.state === 'promoted'));
  t.ok(await all(record => record?.state === 'promoted'));
  t.ok(
    got.every(({ status }) => status === 200),
    'callers notice nothing',
  );
  views.onlyForward('revision', 'share');
});

test('a promotion as Redis dies is made on all replicas or on none, and never unmade where it was said to be', async t => {
  const { redis, gateways, begun, all } = await threeReplicas(t, { ...plan, steps: [20], minSample: 1_000_000 });
  const views = watchViews(t, gateways);
  await begun('v2');
  await eventually(t, 'all know of it', () => all(record => record?.state === 'stepping'));
  await callUntil(inTurn(gateways), () => all(record => (record?.stepCalls.calls ?? 0) > 20));
  const [answer] = await Promise.all([canaryApi(gateways[0]).post('promote', { model: 'rain' }), redis.kill()]);
  await redis.restart();
  await eventually(t, 'they agree', () => all(record => record?.revision === recordOf(gateways[0])?.revision));
  t.ok([200, 503].includes(answer.status), `${answer.status}`);
  if (answer.status === 200) t.ok(await all(record => record?.state === 'promoted'));
  else
    await eventually(t, 'asked again', async () => {
      const again = await canaryApi(gateways[1]).post('promote', { model: 'rain' });
      return again.status === 200 || again.status === 409; // it had been made
    });
  await eventually(t, 'promoted on all', () => all(record => record?.state === 'promoted'));
  views.onlyForward('revision');
});
