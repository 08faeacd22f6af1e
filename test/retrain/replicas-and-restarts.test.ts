import { test } from 'tap';
import type { StateStore } from '../../src/state/state.ts';
import { type Fixture, fakeControlPlane, pipelineAction, startFixture, windows } from '../helpers/episodes.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { memoryReplicas, memoryState } from '../helpers/memory-state.ts';

const actions = [pipelineAction];
const names = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];

/** Windows that every replica judges. */
async function together(replicas: readonly Fixture[], count: number, monitor: string): Promise<void> {
  const [first] = replicas;
  for (let window = 0; window < count; window += 1) {
    first?.clock.advance(60_000);
    for (const replica of replicas) replica.window(monitor, 'drifted');
    await first?.pass(500);
  }
  await first?.pass(4_000);
}

test('ten replicas that see the same drift make one episode and start one pipeline', async t => {
  const store = memoryReplicas();
  const [clock, control] = [manualClock(), fakeControlPlane()];
  const replicas = names.map(replica => startFixture(t, { actions }, { state: store(), clock, control, replica }));
  await together(replicas, 4, 'prediction');
  t.equal(replicas[0]?.episodes.list().length, 1);
  t.equal(control.starts.length, 1);
  const changes = replicas.flatMap(({ emitted }) => emitted.filter(({ type }) => type === 'episode-changed'));
  t.equal(changes.length, 3, 'each change is told once: suspected, confirmed, retraining');
  t.same([...(replicas[9]?.episodes.budgets() ?? [])], [['rain', 1]]);
});

/** A store of one replica that does not hear of others before `learn`. */
function lateStore(shared: StateStore): StateStore & { learn(): void } {
  let seen = new Map(shared.list(''));
  return {
    ...shared,
    get: key => seen.get(key),
    list: prefix => new Map([...seen].filter(([key]) => key.startsWith(prefix))),
    replace: async (key, expected, value) => {
      if (seen.get(key) !== expected) return false;
      const done = await shared.replace(key, expected, value);
      seen = new Map(shared.list(''));
      return done;
    },
    learn: () => {
      seen = new Map(shared.list(''));
    },
  };
}

test('a replica that has not heard of the episode yet opens no second one', async t => {
  const shared = memoryState();
  const late = lateStore(shared);
  const [clock, control] = [manualClock(), fakeControlPlane()];
  const one = startFixture(t, { actions }, { state: shared, clock, control });
  const two = startFixture(t, { actions }, { state: late, clock, control, replica: 'two' });
  await together([one], 3, 'features');
  t.same(two.episodes.list(), []);
  await together([two], 3, 'prediction');
  t.equal(shared.list('episode/').size, 1);
  late.learn();
  t.match(two.newest(), { number: 1, state: 'retraining' }, 'its evidence joined the one that was there');
  t.equal(control.starts.length, 1);
});

test('while replicas cannot agree nothing is started; afterwards one is', async t => {
  const shared = memoryState();
  let away = true;
  const state: StateStore = {
    ...shared,
    replace: (...args) => (away ? Promise.reject(new Error('Redis does not answer')) : shared.replace(...args)),
  };
  const fixture = startFixture(t, { actions }, { state });
  await windows(fixture, 4, { prediction: 'drifted' });
  t.same([fixture.episodes.list(), fixture.control.starts], [[], []]);
  t.match(fixture.warnings.join('\n'), 'Redis does not answer');
  away = false;
  await windows(fixture, 1, { prediction: 'drifted' });
  t.equal(fixture.newest().state, 'retraining');
  t.equal(fixture.control.starts.length, 1);
});

test('a replica that dies between an action and its record is followed by another, with the same token', async t => {
  const store = memoryReplicas();
  const [clock, control] = [manualClock(), fakeControlPlane()];
  const dying = store();
  let dead = false;
  const { promise: never, resolve: bury } = Promise.withResolvers<boolean>();
  const state: StateStore = {
    ...dying,
    // From the moment it has started the pipeline nothing it does reaches anyone.
    replace: (...args) => (dead ? never : dying.replace(...args)),
  };
  const one = startFixture(t, { actions }, { state, clock, control });
  control.next.push(() => {
    dead = true;
    return undefined as never;
  });
  await windows(one, 3, { prediction: 'drifted' });
  t.equal(control.starts.length, 1);
  const two = startFixture(t, { actions }, { state: store(), clock, control, replica: 'two' });
  await two.pass(5_000);
  t.equal(control.starts.length, 1, 'it may only be slow');
  await two.pass(60_000);
  t.equal(control.starts.length, 2);
  t.equal(new Set(control.starts).size, 1);
  t.equal(control.executions.size, 1, 'which is one execution');
  t.match(two.newest(), { state: 'retraining', actions: [{ state: 'done' }] });
  bury(false);
});

test('records of another kind are passed over', async t => {
  const state = memoryState();
  await state.set('episode/rain/all/00000001', 'nonsense');
  await state.set('episode/rain/all/00000002', '{"id":"x"}');
  const fixture = startFixture(t, { actions }, { state });
  t.same(fixture.episodes.list(), []);
});
