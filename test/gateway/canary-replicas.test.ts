import { type Test, test } from 'tap';
import { type CanaryRecord, readRecord } from '../../src/rollout/canary/record.ts';
import { callUntil, canaryApi, canaryModel, quickPlan } from '../helpers/canary.ts';
import { eventually } from '../helpers/eventually.ts';
import { startTestGateway, type TestGateway } from '../helpers/gateway.ts';
import { startRedis } from '../helpers/redis.ts';
import { startTestSimulator } from '../helpers/simulator.ts';

const regions = ['us-east-1', 'us-west-2'];

async function threeReplicas(t: Test, canary: object) {
  const [redis, simulator] = [await startRedis(t), await startTestSimulator(t)];
  const limits = { commandTimeoutMs: 500, connectTimeoutMs: 500, socketTimeoutMs: 1_000 };
  const config = { redis: { url: redis.url, ...limits }, models: { rain: canaryModel({ canary }, regions) } };
  const start = () => startTestGateway(t, config, { running: simulator, logLevel: 'error' });
  const gateways = [await start(), await start(), await start()] as const;
  const begun = async (version: string, more: object = {}) => {
    const { post } = canaryApi(gateways[0]);
    await eventually(t, 'the replicas are together, and it starts', async () => {
      const answer = await post('start', { model: 'rain', version, ...more });
      return answer.status === 200;
    });
  };
  const all = async (holds: (record: CanaryRecord | undefined) => boolean) =>
    gateways.every(({ app }) => holds(app.canaries.record('rain')));
  return { redis, simulator, gateways, begun, all };
}

/** Calls that go to the replicas in turn, as a load balancer sends them. */
function inTurn(gateways: readonly TestGateway[]): Pick<TestGateway, 'call'> {
  let turn = 0;
  return {
    call: (model, options) => {
      turn += 1;
      const gateway = gateways[turn % gateways.length] as TestGateway;
      return gateway.call(model, options);
    },
  };
}

/** The replicas' revisions, once what was under way when Redis went is written down. */
async function standing(gateways: readonly TestGateway[]): Promise<(number | undefined)[]> {
  const revisions = () => gateways.map(({ app }) => app.canaries.record('rain')?.revision);
  let before = revisions();
  for (let same = 0; same < 5; ) {
    await new Promise(resolve => setTimeout(resolve, 100));
    same = revisions().join() === before.join() ? same + 1 : 0;
    before = revisions();
  }
  return before;
}

/** What each replica ever knew, in order. */
function watchViews(gateways: readonly TestGateway[]) {
  const seen = gateways.map(() => [] as { revision: number; share: number; state: string }[]);
  const look = () => {
    for (const [index, { app }] of gateways.entries()) {
      const record = app.canaries.record('rain');
      if (record === undefined) continue;
      const { revision, state, plan, step } = record;
      if (seen[index]?.at(-1)?.revision === revision && seen[index]?.at(-1)?.state === state) continue;
      seen[index]?.push({ revision, state, share: plan.steps[step]?.share ?? 0 });
    }
  };
  const timer = setInterval(look, 10);
  return { seen, stop: () => clearInterval(timer) };
}

test('three replicas follow one canary; Redis killed mid-way stops it, and splits no brain', async t => {
  const plan = { ...quickPlan, steps: [20, 60], minSample: 60 };
  const { redis, gateways, begun, all } = await threeReplicas(t, plan);
  const views = watchViews(gateways);
  t.teardown(views.stop);
  const callers = inTurn(gateways);
  await begun('v2');
  await eventually(t, 'all know of it', () => all(record => record?.state === 'stepping'));
  await callUntil(callers, () => all(record => (record?.stepCalls.calls ?? 0) > 20));
  await redis.kill();
  await eventually(t, 'all know that it is gone', async () =>
    gateways.every(({ app }) => app.parts.stores.redisUp() === false),
  );
  const stood = await standing(gateways);
  const endsAt = performance.now() + 1_500;
  const during = await callUntil(callers, async () => performance.now() > endsAt, { sessions: 2_000 });
  t.strictSame(
    gateways.map(({ app }) => app.canaries.record('rain')?.revision),
    stood,
    'nobody went on alone',
  );
  t.match(await canaryApi(gateways[1]).post('promote', { model: 'rain' }), { status: 503 }, 'nor at a person’s word');
  const sessions = new Map(during.map(({ session, version }) => [session, version]));
  const share = [...sessions.values()].filter(version => version === 'v2').length / sessions.size;
  t.ok(Math.abs(share - 0.2) < 4 * Math.sqrt(0.16 / sessions.size), `${share} of ${sessions.size} callers`);
  await redis.restart();
  await callUntil(callers, () => all(record => record?.state === 'promoted'));
  t.ok(
    await all(record => record?.state === 'promoted'),
    'it goes on when Redis is back, though Redis forgot everything',
  );
  for (const seen of views.seen) {
    const revisions = seen.map(({ revision }) => revision);
    t.strictSame(
      revisions,
      revisions.toSorted((a, b) => a - b),
      'revisions only go forward',
    );
    const shares = seen.map(each => each.share);
    t.strictSame(
      shares,
      shares.toSorted((a, b) => a - b),
      'and so do shares',
    );
  }
});

test('what is safe works without Redis, and holds on all replicas when it is back', async t => {
  const plan = { ...quickPlan, steps: [50], minSample: 1_000_000 };
  const { redis, simulator, gateways, begun, all } = await threeReplicas(t, plan);
  const callers = inTurn(gateways);
  const goes = async () => {
    await redis.kill();
    await eventually(t, 'all know that it is gone', async () =>
      gateways.every(({ app }) => app.parts.stores.redisUp() === false),
    );
  };
  const inRecord = (state: string) => (record: CanaryRecord | undefined) => record?.state === state;

  await begun('v2');
  await eventually(t, 'all know of it', () => all(inRecord('stepping')));
  await callUntil(callers, () => all(record => (record?.stepCalls.calls ?? 0) > 60));
  await goes();
  for (const region of regions) await simulator.faults.add({ region, kind: 'error', endpoint: 'rain-v2' });
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
