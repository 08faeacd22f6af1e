import { test } from 'tap';
import { type Fixture, fakeControlPlane, pipelineAction, startFixture } from '../helpers/episodes.ts';
import { eventually } from '../helpers/eventually.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { startRedis } from '../helpers/redis.ts';
import { replica } from '../helpers/redis-replica.ts';

/** Windows that all three judge, and what follows from them. */
async function together(replicas: readonly Fixture[], count: number, monitor: string): Promise<void> {
  const [first] = replicas;
  for (let window = 0; window < count; window += 1) {
    first?.clock.advance(60_000);
    for (const each of replicas) each.window(monitor, 'drifted');
    await first?.pass(500);
  }
}

test('three replicas on one Redis, killed before the start: none while it is away, one pipeline afterwards', async t => {
  const redis = await startRedis(t);
  const stores = [await replica(t, redis.url), await replica(t, redis.url), await replica(t, redis.url)];
  await eventually(t, 'all are connected', () => stores.every(({ link }) => link.up));
  const [clock, control] = [manualClock(), fakeControlPlane()];
  const options = { approval: true, actions: [pipelineAction] };
  const replicas = stores.map(({ state }, index) =>
    startFixture(t, options, { state, clock, control, replica: `replica ${index}` }),
  );
  const [one, two] = replicas;
  if (one === undefined || two === undefined) throw new Error('there are three');
  const all = async (state: string) => {
    await one.pass(500);
    return replicas.every(({ episodes }) => episodes.list()[0]?.state === state);
  };
  await together(replicas, 4, 'prediction');
  await eventually(t, 'all wait for a person', () => all('awaiting-approval'));
  t.equal(new Set(replicas.map(({ newest }) => newest().id)).size, 1, 'and mean one episode');
  const { id } = one.newest();
  await redis.kill();
  await eventually(t, 'Redis is missed', () => stores.every(({ link }) => !link.up));
  await t.rejects(two.episodes.approve(id, 'anna'), 'approval cannot be agreed on');
  await together(replicas, 4, 'features');
  t.same(control.starts, []);
  await redis.restart();
  await eventually(t, 'it is there again, empty', () => stores.every(({ link }) => link.up));
  await eventually(t, 'approved', async () => {
    await one.pass(500);
    return two.episodes.approve(id, 'anna').then(
      () => true,
      () => two.episodes.get(id)?.approvedBy === 'anna',
    );
  });
  await eventually(t, 'all know that it retrains', () => all('retraining'));
  await eventually(t, 'started', async () => {
    await one.pass(500);
    return two.episodes.get(id)?.execution !== undefined;
  });
  t.equal(new Set(control.starts).size, 1, 'one token');
  t.equal(control.executions.size, 1, 'one run');
  const changes = replicas.flatMap(({ emitted }) =>
    emitted.flatMap(event => (event.type === 'episode-changed' && event.to === 'retraining' ? [event.id] : [])),
  );
  t.same(changes, [id], 'told once');
});

test('Redis dies as the pipeline is started, before that is written down: one run, which is followed', async t => {
  const redis = await startRedis(t);
  const stores = [await replica(t, redis.url), await replica(t, redis.url), await replica(t, redis.url)];
  await eventually(t, 'all are connected', () => stores.every(({ link }) => link.up));
  const [clock, control] = [manualClock(), fakeControlPlane()];
  const start = control.startPipeline;
  let killed: Promise<void> | undefined;
  const dying = {
    ...control,
    startPipeline: async (...call: Parameters<typeof start>) => {
      const arn = await start(...call);
      killed ??= redis.kill();
      await killed; // the answer is there, and nobody to agree with
      return arn;
    },
  };
  const options = { actions: [pipelineAction], pollSeconds: 1 };
  const replicas = stores.map(({ state }, index) =>
    startFixture(t, options, { state, clock, control: dying, replica: `replica ${index}` }),
  );
  const [one] = replicas;
  if (one === undefined) throw new Error('there are three');
  await together(replicas, 4, 'prediction');
  await eventually(t, 'Redis died', async () => {
    await one.pass(500);
    return stores.every(({ link }) => !link.up);
  });
  await one.pass(10_000);
  t.equal(control.starts.length, 1, 'nobody starts another while they cannot agree');
  await redis.restart();
  await eventually(t, 'all know the run', async () => {
    await one.pass(2_000);
    return replicas.every(({ episodes }) => episodes.list()[0]?.execution !== undefined);
  });
  t.equal(new Set(control.starts).size, 1, 'in one region, with one token');
  t.equal(control.executions.size, 1);
  t.equal(new Set(replicas.map(({ newest }) => newest().id)).size, 1);
});
