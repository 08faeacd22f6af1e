import { test } from 'tap';
import type { FleetEndpoint } from '../../sim/fleet.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { canaryApi, quickPlan } from '../helpers/canary.ts';
import { eventually } from '../helpers/eventually.ts';
import { startTestGateway } from '../helpers/gateway.ts';
import { bucketIn, jobsClient, jobsConfig } from '../helpers/jobs.ts';
import { startRedis } from '../helpers/redis.ts';
import { echoContainers, startTestSimulator } from '../helpers/simulator.ts';

const region = 'us-west-2';
/** Looks for work that nobody does a hundred times as often. */
const hurried: Clock = {
  ...systemClock,
  every: (periodMs, run) => systemClock.every(periodMs >= 60_000 ? periodMs / 100 : periodMs, run),
};

test('jobs of a canary whose replica dies are counted by the one that takes them over, each once', async t => {
  const endpoints: FleetEndpoint[] = ['v1', 'v2'].map(name => ({
    ...{ kind: 'async', name: `async-${name}`, container: 'echo', maxConcurrency: 50, modelMs: 1 },
    outputs: 's3://meridian-jobs-{region}/outputs',
  }));
  const [redis, simulator] = [
    await startRedis(t),
    await startTestSimulator(t, { containers: echoContainers, endpoints }),
  ];
  const targets = (name: string) => [{ kind: 'sagemaker-async', region, endpoint: `async-${name}` }];
  const versions = { v1: { weight: 100, targets: targets('v1') }, v2: { weight: 0, targets: targets('v2') } };
  const plan = { ...quickPlan, steps: [50], minSample: 1_000_000 };
  const config = {
    ...{ redis: { url: redis.url }, jobs: jobsConfig([region]) },
    models: { rain: { canary: plan, routing: { warmShare: 0 }, versions } },
  };
  const start = () => startTestGateway(t, config, { running: simulator, clock: hurried, logLevel: 'error' });
  const [first, second] = [await start(), await start()];
  await eventually(t, 'the canary begins', async () => {
    return (await canaryApi(first).post('start', { model: 'rain', version: 'v2' })).status === 200;
  });
  await eventually(t, 'both know', () => second.app.canaries.running('rain'));
  const stall = await simulator.faults.add({ region, kind: 'async-stall' });
  const client = jobsClient(first);
  const ids = await Promise.all(Array.from({ length: 24 }, async (_, job) => (await client.create(`${job}`)).id));
  for (const id of ids) await client.until(t, id, 'running');
  const hearts = simulator.objects(region).list(bucketIn(region), 'meridian/jobs/replicas/');
  await first.app.shutdown();
  for (const [key] of hearts) simulator.objects(region).delete(bucketIn(region), key);
  await simulator.faults.remove(stall);
  const survivor = jobsClient(second);
  for (const id of ids) await survivor.until(t, id, 'completed');
  const counted = async () => {
    const { stepCalls, stepStable } = second.app.canaries.record('rain') ?? {};
    // On a machine that is busy, handing one in may fail at first, and is counted by itself.
    const answered = (side = { calls: 0, errors: 0 }) => side.calls - side.errors;
    return [answered(stepCalls), answered(stepStable)] as const;
  };
  await eventually(t, 'they are counted', async () => (await counted()).reduce((sum, n) => sum + n) >= ids.length);
  const [canary, stable] = await counted();
  t.equal(canary + stable, ids.length);
  t.ok(canary > 2 && stable > 2, `${canary} of the canary, ${stable} of stable`);
});
