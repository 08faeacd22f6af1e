import { test } from 'tap';
import { seededRandom } from '../../src/core/random.ts';
import { lastingName } from '../../src/drift/stored-panes.ts';
import type { Tallies } from '../../src/state/state.ts';
import { type DriftBench, driftBench, sampleRecord } from '../helpers/drift.ts';
import { type ManualClock, manualClock } from '../helpers/manual-clock.ts';
import { stateDir } from '../helpers/state-dir.ts';

const minute = 60_000;
const start = Date.UTC(2025, 9, 20, 6, 48);
const windows = { paneSeconds: 60, tumblingPanes: 4, minRecords: 20, settleMs: 5_000 };

/** What replicas hand over, in memory, as Redis keeps it. */
function fleet(): (replica: string) => Tallies {
  const scopes = new Map<string, Map<string, string>>();
  return replica => ({
    publish: async (scope, text) => void scopes.set(scope, (scopes.get(scope) ?? new Map()).set(replica, text)),
    collect: async scope => new Map(scopes.get(scope)),
    forget: async scope => void scopes.delete(scope),
  });
}

/** The clock of a process that can be killed: nothing of it runs any more. */
function mortal(clock: ManualClock): { readonly clock: ManualClock; kill(): void } {
  let alive = true;
  const every: ManualClock['every'] = (ms, run) => clock.every(ms, () => void (alive && run()));
  const kill = () => {
    alive = false;
  };
  return { clock: { ...clock, every }, kill };
}

/** Calls to a replica, of which one window must have them all. */
function caller(seed: number): (bench: DriftBench, count: number) => void {
  const random = seededRandom(seed);
  return (bench, count) => {
    for (let i = 0; i < count; i++) bench.call([sampleRecord(random, 1)]);
  };
}

async function pass(clock: ManualClock, ms: number, ...benches: readonly DriftBench[]): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1_000) {
    clock.advance(1_000);
    for (const { drift } of benches) await drift.turn();
  }
}

const samples = (bench: DriftBench) => bench.judged('features', 'x').map(({ sample }) => sample);

test('a replica that is killed in the middle of a pane takes its last seconds with it at most', async t => {
  const clock = manualClock(start);
  const [tallies, call] = [fleet(), caller(31)];
  const doomed = mortal(clock);
  const a = await driftBench(t, { clock, monitor: { windows }, ports: { tallies: tallies('a') } });
  const b = await driftBench(t, { clock: doomed.clock, monitor: { windows }, ports: { tallies: tallies('b') } });
  call(a, 40);
  call(b, 60);
  await pass(clock, 15_000, a, b);
  call(b, 7);
  doomed.kill();
  await pass(clock, 4 * minute, a);
  t.strictSame(samples(a), [100]);
});

test('it comes back in the same window, counts nothing twice, and judges what all the others judge', async t => {
  const clock = manualClock(start);
  const [tallies, call, directory] = [fleet(), caller(32), stateDir(t)];
  const monitor = { windows };
  const a = await driftBench(t, { clock, monitor, ports: { tallies: tallies('a') } });
  const doomed = mortal(clock);
  const b = await driftBench(t, { clock: doomed.clock, monitor, ports: { tallies: tallies('b'), directory } });
  call(a, 10);
  call(b, 20);
  await pass(clock, minute + 6_000, a, b); // a pane is over and judged
  call(b, 30);
  await pass(clock, 11_000, a, b);
  doomed.kill();
  await pass(clock, minute, a); // it is away while its pane ends
  call(a, 5);
  const back = await driftBench(t, { clock, monitor, ports: { tallies: tallies('b'), directory } });
  call(back, 40);
  await pass(clock, 2 * minute, a, back);
  t.strictSame(samples(a), [105]);
  t.strictSame(back.judged('features'), a.judged('features'));
});

test('a replica that stops while others still wait for it does not count twice after its restart', async t => {
  const clock = manualClock(start);
  const [tallies, call, directory] = [fleet(), caller(33), stateDir(t)];
  const a = await driftBench(t, { clock, monitor: { windows }, ports: { tallies: tallies('a') } });
  const as = async () => tallies(await lastingName(directory));
  const b = await driftBench(t, { clock, monitor: { windows }, ports: { tallies: await as(), directory } });
  call(b, 50);
  await pass(clock, minute + 2_000, a, b);
  await b.drift.stop();
  const back = await driftBench(t, { clock, monitor: { windows }, ports: { tallies: await as(), directory } });
  await pass(clock, 4 * minute, a, back);
  t.strictSame(samples(a), [50]);
  t.strictSame(samples(back), [50]);
});

test('a new replica begins with the panes that the others have, and judges no window it cannot know', async t => {
  const clock = manualClock(start);
  const [tallies, call] = [fleet(), caller(34)];
  const a = await driftBench(t, { clock, monitor: { windows }, ports: { tallies: tallies('a') } });
  call(a, 30);
  await pass(clock, 2 * minute + 10_000, a);
  call(a, 10);
  const fresh = await driftBench(t, { clock, monitor: { windows }, ports: { tallies: tallies('c') } });
  call(fresh, 3);
  await pass(clock, 2 * minute, a, fresh);
  t.strictSame(samples(a), [43]);
  t.strictSame(fresh.judged('features'), a.judged('features'));
});

test('without Redis, a crash leaves finished panes and all but the last seconds of the one under way', async t => {
  const clock = manualClock(start);
  const [call, directory] = [caller(35), stateDir(t)];
  const doomed = mortal(clock);
  const before = await driftBench(t, { clock: doomed.clock, monitor: { windows }, ports: { directory } });
  call(before, 40);
  await pass(clock, minute + 10_000, before);
  call(before, 30);
  await pass(clock, 12_000, before);
  call(before, 9);
  doomed.kill();
  const after = await driftBench(t, { clock, monitor: { windows }, ports: { directory } });
  call(after, 5);
  await pass(clock, 3 * minute, after);
  t.strictSame(samples(after), [75]);
});

test('panes of another length are numbered otherwise, and none of them is taken over', async t => {
  const clock = manualClock(start);
  const [call, directory] = [caller(36), stateDir(t)];
  const before = await driftBench(t, { clock, monitor: { windows }, ports: { directory } });
  call(before, 40);
  await pass(clock, minute + 10_000, before);
  await before.drift.stop();
  const longer = { ...windows, paneSeconds: 120 };
  const after = await driftBench(t, { clock, monitor: { windows: longer }, ports: { directory } });
  call(after, 25);
  await pass(clock, 9 * minute, after);
  t.strictSame(samples(after), [25]);
});

test('a clock that was a year ahead and is set back stops no windows', async t => {
  const clock = manualClock(start);
  let aheadMs = 0;
  const skewed = { ...clock, now: clock.now, wallMs: () => clock.wallMs() + aheadMs };
  const call = caller(37);
  const bench = await driftBench(t, { clock: skewed as ManualClock, monitor: { windows } });
  aheadMs = 365 * 86_400_000;
  call(bench, 10);
  await pass(clock, 5_000, bench);
  aheadMs = 0;
  call(bench, 30);
  await pass(clock, 4 * minute + 6_000, bench);
  t.strictSame(samples(bench).at(-1), 40);
});
