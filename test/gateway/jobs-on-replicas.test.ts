import { test } from 'tap';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { eventually } from '../helpers/eventually.ts';
import { startTestGateway } from '../helpers/gateway.ts';
import { processConfig, startGatewayProcess } from '../helpers/gateway-process.ts';
import { asyncModel, bucketIn, jobsClient, jobsConfig } from '../helpers/jobs.ts';
import { startRedis } from '../helpers/redis.ts';
import { startTestSimulator } from '../helpers/simulator.ts';
import { stateDir } from '../helpers/state-dir.ts';

/** Looks for work that nobody does a hundred times as often: once a minute is long for a test. */
const hurried: Clock = {
  ...systemClock,
  every: (periodMs, run) => systemClock.every(periodMs >= 60_000 ? periodMs / 100 : periodMs, run),
};

test('of two replicas on one Redis one dies with jobs in flight, and Redis too: the other finishes them all', async t => {
  const regions = ['us-east-1', 'us-west-2'];
  const simulator = await startTestSimulator(t);
  const redis = await startRedis(t);
  const shared = {
    models: { rain: asyncModel(regions) },
    jobs: jobsConfig(regions),
    redis: { url: redis.url },
    replicas: 2,
  };
  const dir = stateDir(t);
  const first = await startGatewayProcess(t, dir, processConfig(simulator, dir, regions, shared));
  const heartbeats = () =>
    regions.flatMap(region =>
      simulator
        .objects(region)
        .list(bucketIn(region), 'meridian/jobs/replicas/')
        .map(([key]) => [region, key] as const),
    );
  await eventually(t, 'the first one shows that it lives', () => heartbeats().length === regions.length);
  const ofTheFirst = heartbeats();
  const config = processConfig(simulator, stateDir(t), regions, shared);
  const second = await startTestGateway(t, config, { running: simulator, clock: hurried });

  const stalls = await Promise.all(regions.map(region => simulator.faults.add({ region, kind: 'async-stall' })));
  const payloads = new Map<string, string>();
  const post = async (word: string, count: number, at: Parameters<typeof jobsClient>[0]) => {
    for (let made = 0; made < count; made += 1) {
      const payload = `${word} ${made}`;
      payloads.set((await jobsClient(at).create(payload)).id, payload);
    }
  };
  await Promise.all([post('before', 15, first), post('mine', 10, second)]);
  await redis.kill();
  await post('without Redis', 15, first);
  await first.kill();
  t.equal(payloads.size, 40, 'accepted');
  for (const stall of stalls) await simulator.faults.remove(stall);
  const survivor = jobsClient(second);
  const [some = ''] = payloads.keys();
  t.match(await survivor.look(some), { id: some }, 'it answers for jobs that are not its own');

  // Five minutes later: nothing was heard of the first one.
  for (const [region, key] of ofTheFirst) simulator.objects(region).delete(bucketIn(region), key);
  const open = new Set(payloads.keys());
  await eventually(t, 'every job completes', async () => {
    for (const id of [...open].slice(0, 20)) if ((await survivor.look(id)).state === 'completed') open.delete(id);
    return open.size === 0;
  });
  await redis.restart();
  for (const [id, payload] of payloads) t.equal(await (await survivor.result(id)).text(), payload);
});
