import { test } from 'tap';
import type { StateStore } from '../../src/state/state.ts';
import {
  type FakeControlPlane,
  type Fixture,
  fakeControlPlane,
  pipelineAction,
  startFixture,
} from '../helpers/episodes.ts';
import { type ManualClock, manualClock } from '../helpers/manual-clock.ts';
import { memoryState } from '../helpers/memory-state.ts';
import { mortalState } from '../helpers/mortal-state.ts';

const bus = { kind: 'event', bus: 'ml', region: 'us-east-1' };
const options = {
  actions: [pipelineAction, bus],
  approval: true,
  pollSeconds: 1,
  windows: { drifted: 2, of: 3, clear: 1 },
};

/** What the world does next to an episode: windows, a person, the pipeline, the registry, the canary. */
async function help(fixture: Fixture, control: FakeControlPlane): Promise<void> {
  const episode = fixture.episodes.list()[0];
  const version = episode?.result?.version ?? 'r1';
  switch (episode?.state) {
    case undefined:
    case 'suspected':
    case 'confirmed':
      fixture.window('prediction', 'drifted');
      break;
    case 'awaiting-approval':
      await Promise.race([fixture.episodes.approve(episode.id, 'anna'), fixture.pass(500)]);
      break;
    case 'retraining':
      for (const [arn] of control.executions) control.executions.set(arn, { status: 'Succeeded', why: undefined });
      break;
    case 'retrained':
      await Promise.race([fixture.episodes.retrained('rain', episode.id, { version }), fixture.pass(500)]);
      fixture.canary = {
        id: 'c1',
        version,
        startedAtMs: fixture.clock.wallMs(),
        by: 'gateway',
        reason: '',
        state: 'running',
      };
      break;
    case 'canarying':
      if (fixture.canary !== undefined) fixture.canary = { ...fixture.canary, state: 'promoted' };
      break;
    case 'recovering':
      fixture.window('prediction', 'clear', { version });
      break;
  }
}

/** Goes on until the episode is over, or the process is dead; whether it is over. */
async function live(fixture: Fixture, control: FakeControlPlane, isDead: () => boolean): Promise<boolean> {
  for (let minute = 0; minute < 60; minute += 1) {
    if (isDead()) return false;
    if (fixture.episodes.list()[0]?.closedAtMs !== undefined) return true;
    fixture.clock.advance(60_000);
    await help(fixture, control);
    await fixture.pass(2_000);
  }
  return fixture.episodes.list()[0]?.closedAtMs !== undefined;
}

/** One episode whose process dies with a write, and is started again; undefined when it was over before that. */
async function episode(t: Parameters<typeof startFixture>[0], writes: number, durable: boolean) {
  const [shared, clock, control]: [StateStore, ManualClock, FakeControlPlane] = [
    memoryState(),
    manualClock(),
    fakeControlPlane(),
  ];
  const { state, isDead, bury } = mortalState(shared, writes, durable);
  const first = startFixture(t, options, { state, clock, control });
  t.teardown(bury); // before the one that waits for its steps
  if (await live(first, control, isDead)) return undefined;
  const second = startFixture(t, options, { state: shared, clock, control });
  second.canary = first.canary;
  await live(second, control, () => false);
  return { second, control };
}

for (const durable of [false, true]) {
  test(`a process that dies ${durable ? 'after' : 'before'} any one of its writes: the episode recovers, and all is done once`, async t => {
    let writes = 1;
    for (; writes < 100; writes += 1) {
      const ended = await episode(t, writes, durable);
      if (ended === undefined) break;
      const { second, control } = ended;
      const [only, ...others] = second.episodes.list();
      const states = (only?.timeline ?? []).map(({ what }) => what);
      const events = new Set(control.events.map(({ detail }) => (JSON.parse(detail) as { token: string }).token));
      const once = ['retraining', 'retrained', 'canarying', 'recovering', 'recovered'].every(
        state => states.filter(what => what === state).length === 1,
      );
      t.strictSame(
        {
          ...{ state: only?.state, others: others.length, runs: control.executions.size, once },
          ...{ starts: new Set(control.starts).size, events: events.size, left: second.episodes.budgets().get('rain') },
        },
        { state: 'recovered', others: 0, runs: 1, once: true, starts: 1, events: 1, left: 1 },
        `the ${writes}th write: ${states.join(', ')}`,
      );
    }
    t.ok(writes > 15, `${writes} writes`);
  });
}
