import { type Test, test } from 'tap';
import type { EpisodeState } from '../../src/retrain/episode.ts';
import { fileState } from '../../src/state/file.ts';
import type { StateStore } from '../../src/state/state.ts';
import { type Fixture, fakeControlPlane, pipelineAction, startFixture, windows } from '../helpers/episodes.ts';
import { eventually } from '../helpers/eventually.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { memoryReplicas, memoryState } from '../helpers/memory-state.ts';
import { startRedis } from '../helpers/redis.ts';
import { replica } from '../helpers/redis-replica.ts';
import { stateDir } from '../helpers/state-dir.ts';

/** A process's store: opened at each start, closed at each end. */
type Open = () => Promise<{ readonly state: StateStore; close(): Promise<void> }>;

/** One episode from its first window to its end, the gateway restarted in every state and between an action's tries. */
async function chain(t: Test, open: Open): Promise<void> {
  const [clock, control] = [manualClock(), fakeControlPlane()];
  const options = { actions: [pipelineAction], approval: true, pollSeconds: 1 };
  let running: { fixture: Fixture; close(): Promise<void> } | undefined;
  let starts = 0;
  const stop = async () => {
    await running?.fixture.episodes.stop();
    await running?.close();
  };
  /** Ends the process and begins the next one, which must know the episode as it was. */
  const restart = async (expected?: EpisodeState): Promise<Fixture> => {
    const before = running?.fixture;
    await before?.episodes.stop(); // a step under way is carried out
    const [told, story] = [before?.episodes.list().length ?? 0, before && JSON.stringify(before.newest().timeline)];
    await stop();
    const { state, close } = await open();
    await eventually(t, 'what is kept is read', () => state.list('episode/').size === told);
    starts += 1;
    const fixture = startFixture(t, options, { state, clock, control, replica: `process ${starts}` });
    fixture.canary = before?.canary;
    running = { fixture, close };
    if (expected !== undefined) t.equal(fixture.newest().state, expected);
    if (story !== undefined) t.equal(JSON.stringify(fixture.newest().timeline), story, `its story, in ${expected}`);
    return fixture;
  };
  const until = (fixture: Fixture, what: string, is: () => boolean) =>
    eventually(t, what, async () => {
      await fixture.pass(500);
      return is();
    });
  const reaches = (fixture: Fixture, state: EpisodeState) =>
    until(fixture, state, () => fixture.episodes.list()[0]?.state === state);

  let fixture = await restart();
  await windows(fixture, 3, { features: 'drifted' });
  await reaches(fixture, 'suspected');
  fixture = await restart('suspected');
  await windows(fixture, 3, { prediction: 'drifted' });
  await reaches(fixture, 'awaiting-approval');
  fixture = await restart('awaiting-approval');
  await fixture.episodes.approve(fixture.newest().id, 'anna');
  fixture = await restart('confirmed');
  const away = () => {
    throw new Error('the network is away');
  };
  control.next.push(away, away);
  const failures = () => fixture.newest().actions[0]?.failures ?? 0;
  await until(fixture, 'a try has failed', () => failures() > 0);
  fixture = await restart('retraining');
  t.ok(failures() > 0);
  fixture = await restart('retraining');
  await until(fixture, 'the pipeline runs', () => fixture.newest().execution !== undefined);
  const arn = fixture.newest().execution?.arn ?? '';
  fixture = await restart('retraining');
  control.executions.set(arn, { status: 'Succeeded', why: undefined }); // while the gateway is down
  await reaches(fixture, 'retrained');
  fixture = await restart('retrained');
  await fixture.episodes.retrained('rain', fixture.newest().id, { version: 'r1' });
  fixture = await restart('retrained');
  t.equal(fixture.newest().result?.version, 'r1');
  const canary = { id: 'c1', version: 'r1', startedAtMs: clock.wallMs(), by: 'gateway', reason: 'ok' };
  fixture.canary = { ...canary, state: 'running' };
  await reaches(fixture, 'canarying');
  fixture = await restart('canarying');
  fixture.canary = { ...canary, state: 'promoted' };
  await reaches(fixture, 'recovering');
  fixture = await restart('recovering');
  await windows(fixture, 3, { prediction: 'clear' }, { version: 'r1' });
  await reaches(fixture, 'recovered');
  fixture = await restart('recovered');

  await windows(fixture, 3, { prediction: 'drifted' }, { version: 'r1' });
  await until(fixture, 'a second one waits', () => fixture.newest().held !== undefined);
  t.match(
    fixture.newest(),
    { number: 2, state: 'confirmed', held: { why: /^cooling down/ } },
    'the budget is known too',
  );
  t.equal(new Set(control.starts).size, 1, 'every try had one token');
  t.equal(control.executions.size, 1);
  t.equal(fixture.episodes.list().length, 2);
  await stop();
}

test('a restart at every step of the chain goes on where it was, from the state directory', t => {
  const dir = stateDir(t);
  return chain(t, async () => {
    const state = await fileState({ dir, clock: manualClock(), warn: message => t.fail(message) });
    return { state, close: () => state.close() };
  });
});

test('so it does from Redis, where each start is another replica with a directory of its own', async t => {
  const redis = await startRedis(t);
  await chain(t, async () => {
    const bench = await replica(t, redis.url);
    await eventually(t, 'connected', () => bench.link.up);
    return { state: bench.state, close: bench.close };
  });
});

test('windows that were heard before a restart count after it, on whichever replica', async t => {
  const store = memoryReplicas();
  const [clock, control] = [manualClock(), fakeControlPlane()];
  const start = (replica: string) =>
    startFixture(t, { actions: [pipelineAction] }, { state: store(), clock, control, replica });
  const first = start('one');
  await windows(first, 1, { prediction: 'drifted', features: 'between' });
  await first.episodes.stop();
  const second = start('one again');
  await windows(second, 1, { prediction: 'drifted' });
  await second.episodes.stop();
  const third = start('a new one');
  await windows(third, 1, { prediction: 'drifted' });
  t.equal(third.newest().state, 'retraining');
});

test('after a promotion the windows before it are forgotten over a restart too; no text of another kind is believed', async t => {
  const [state, clock, control] = [memoryState(), manualClock(), fakeControlPlane()];
  const options = { actions: [pipelineAction] };
  const first = startFixture(t, options, { state, clock, control });
  await windows(first, 2, { prediction: 'drifted' });
  const promoted = { id: 'c', stable: 'v0', canary: 'v1', from: 'running', to: 'promoted', share: 1 } as const;
  first.episodes.hear({ type: 'canary-changed', model: 'rain', ...promoted, by: 'anna', reason: '' });
  await first.episodes.stop();
  const second = startFixture(t, options, { state, clock, control });
  await windows(second, 1, { prediction: 'drifted' });
  t.same(second.episodes.list(), []);
  await second.episodes.stop();
  for (const text of ['', '{', '[["rain/v1/prediction/",[{"level":"worse","endsAt":1}]]]', '[1]', 'null']) {
    await state.set('drift-windows/rain', text);
    const third = startFixture(t, options, { state, clock, control });
    await windows(third, 2, { prediction: 'drifted' });
    t.same(third.episodes.list(), [], text);
    await third.episodes.stop();
  }
});
