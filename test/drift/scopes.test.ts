import { test } from 'tap';
import { seededRandom } from '../../src/core/random.ts';
import { createFeedback } from '../../src/drift/feedback.ts';
import { openPredictionBook } from '../../src/drift/prediction-book.ts';
import { predictionSegments } from '../../src/drift/prediction-segments.ts';
import { totals } from '../../src/drift/totals.ts';
import {
  type DriftBench,
  driftBench,
  monitoredModel,
  monitorOptions,
  sampleBaseline,
  sampleRecord,
} from '../helpers/drift.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { memoryState } from '../helpers/memory-state.ts';
import { stateDir } from '../helpers/state-dir.ts';

const scopes = { eu: {}, us: {} };
const window = 121_100;

/** So many calls of callers bound to a class, each with a record shifted so. */
function calls(bench: DriftBench, count: number, bound: string | undefined, shift: number, seed = 3): void {
  const random = seededRandom(seed);
  for (let i = 0; i < count; i++)
    bench.call([sampleRecord(random, shift)], { ...(bound !== undefined && { bound: [bound] }) });
}

/** Levels of the feature `x` in the last window, by scope. */
function levels(bench: DriftBench): Record<string, string> {
  const judged = bench.judged('features', 'x').map(({ scope = 'all', level }) => [scope, level]);
  return Object.fromEntries(judged);
}

const samples = (bench: DriftBench): Record<string, number> =>
  Object.fromEntries(bench.judged('features', 'x').map(({ scope = 'all', sample }) => [scope, sample]));

test('two populations that move against each other hide in the whole, and are seen by themselves', async t => {
  // Each is half of what the baseline is of: together they are as ever, and each alone is what it never was.
  const bench = await driftBench(t, { monitor: { scopes } });
  const random = seededRandom(5);
  for (let i = 0; i < 2_000; i++) {
    const record = sampleRecord(random);
    bench.call([record], { bound: [record.x < 0 ? 'eu' : 'us'] });
  }
  await bench.pass(window);
  t.strictSame(levels(bench), { all: 'clear', eu: 'drifted', us: 'drifted' });
  const { all = 0, eu = 0, us = 0 } = samples(bench);
  t.equal(all, eu + us, 'each call is of one scope, and of all');
});

test('a scope is of those bound to it: by key or hint; who may be served elsewhere is of all alone', async t => {
  const bench = await driftBench(t, { monitor: { scopes } });
  calls(bench, 100, 'eu', 0);
  calls(bench, 100, undefined, 0);
  const random = seededRandom(9);
  for (let i = 0; i < 60; i++) bench.call([sampleRecord(random)], { hint: 'us' });
  for (let i = 0; i < 60; i++) bench.call([sampleRecord(random)], { bound: ['us', 'eu'] });
  for (let i = 0; i < 60; i++) bench.call([sampleRecord(random)], { bound: ['us', 'ap'] });
  await bench.pass(window);
  t.strictSame(samples(bench), { all: 380, eu: 100, us: 120 });
});

test('traffic that moves in from a region that is gone is no drift of the scope it moves to', async t => {
  const bench = await driftBench(t, { monitor: { scopes } });
  calls(bench, 200, 'eu', 0);
  calls(bench, 600, undefined, 2, 4); // served in the eu since the us is out, and quite unlike it
  await bench.pass(window);
  t.match(levels(bench), { all: 'drifted', eu: 'clear' });
});

test('an outage marks the windows of every scope', async t => {
  let out = false;
  const bench = await driftBench(t, { monitor: { scopes }, ports: { disturbed: () => out } });
  calls(bench, 100, 'eu', 2);
  calls(bench, 100, 'us', 2);
  out = true;
  await bench.pass(10_000);
  out = false;
  await bench.pass(window);
  const marked = bench.judged('features', 'x').map(({ scope, disturbed }) => [scope, disturbed]);
  t.strictSame(marked, [
    ['all', true],
    ['eu', true],
    ['us', true],
  ]);
});

test('scopes are of the whole where nobody declares them, and with too few records nothing is said of one', async t => {
  const none = await driftBench(t);
  calls(none, 100, 'eu', 2);
  await none.pass(window);
  t.strictSame(levels(none), { all: 'drifted' });
  const few = await driftBench(t, { monitor: { scopes } });
  calls(few, 49, 'eu', 2);
  calls(few, 100, undefined, 0);
  await few.pass(window);
  t.match(levels(few), { all: 'drifted', eu: 'too-few' });
});

test('counts of a scope are added up over replicas, and survive a restart', async t => {
  const state = memoryState();
  const published = new Map<string, Map<string, string>>();
  const tallies = (replica: string) => ({
    publish: async (scope: string, text: string) => {
      const known = published.get(scope) ?? new Map<string, string>();
      published.set(scope, known.set(replica, text));
    },
    collect: async (scope: string) => new Map(published.get(scope)),
    forget: async () => {},
  });
  const clock = manualClock(Date.UTC(2025, 9, 20, 6, 48));
  const directory = stateDir(t);
  const start = (replica: string, own = {}) =>
    driftBench(t, { clock, monitor: { scopes }, ports: { state, tallies: tallies(replica), ...own } });
  const before = await start('a', { directory });
  const other = await start('b');
  calls(before, 40, 'eu', 2);
  calls(other, 30, 'eu', 2, 4);
  calls(other, 30, 'us', 0, 5);
  clock.advance(20);
  await before.drift.stop();
  const after = await start('a', { directory });
  await Promise.all([after.pass(window), other.drift.turn()]);
  for (let i = 0; i < 3; i++) {
    await other.drift.turn();
    await after.drift.turn();
  }
  t.match(samples(after), { all: 100, eu: 70, us: 30 });
  t.match(samples(other), { all: 100, eu: 70, us: 30 });
});

test('a truth counts for the scope of the call it is of, also after a restart', async t => {
  const clock = manualClock(Date.UTC(2025, 9, 20, 6, 48));
  const bench = await driftBench(t, { clock, monitor: { scopes, feedback: {}, payload: { threshold: 0.5 } } });
  const directory = stateDir(t);
  const open = () =>
    openPredictionBook({
      clock,
      shared: undefined,
      erasures: () => [],
      segments: predictionSegments(directory, {
        clock,
        warn: message => t.fail(message),
        retentionMs: () => 3_600_000,
        maxCalls: () => 1_000,
      }),
      maxPredictions: () => 1_000,
      retentionMs: () => 3_600_000,
    });
  bench.call([{ x: 1, colour: 'red' }], { bound: ['eu'], inferenceId: 'bound' });
  bench.call([{ x: 1, colour: 'red' }], { inferenceId: 'free' });
  clock.advance(20);
  const first = await open();
  for (const call of bench.remembered) first.remember(call);
  await first.stop();
  const book = await open();
  t.teardown(() => book.stop());
  const { take } = createFeedback({
    clock,
    book,
    retentionMs: () => 3_600_000,
    joined: bench.drift.joined,
    capture: () => {},
    counted: totals(),
  });
  for (const inferenceId of ['bound', 'free'])
    t.match(await take({ inferenceId, truth: 1 }, { tenant: 'demo' }), { result: 'joined' });
  await bench.pass(window);
  const [v1] = bench.drift.watched();
  const labels = (part?: { windows: ReadonlyMap<string, { counts: { truths: { labels: number } } }> }) =>
    part?.windows.get('tumbling')?.counts.truths.labels;
  t.strictSame([labels(v1?.whole), labels(v1?.scopes.get('eu')), labels(v1?.scopes.get('us'))], [2, 1, 0]);
});

test('a scope is held against the baseline of all, or its own; a promotion makes each its own anew', async t => {
  const own = { baseline: sampleBaseline(500), id: 'own' };
  const shared = { baseline: sampleBaseline(), id: 'shared' };
  const bench = await driftBench(t, {
    monitor: { scopes },
    ports: { configured: (_, __, scope) => (scope === 'us' ? own : scope === undefined ? shared : undefined) },
  });
  const ids = (version: string) => {
    const watched = bench.drift.watched().find(each => each.version === version);
    const parts = [watched?.whole, watched?.scopes.get('eu'), watched?.scopes.get('us')];
    return parts.map(part => part?.monitor?.baseline);
  };
  t.strictSame(
    ids('v2').map(each => each?.id),
    ['shared', 'shared', 'own'],
  );
  const random = seededRandom(7);
  for (let i = 0; i < 150; i++) bench.call([sampleRecord(random, 2)], { version: 'v2', bound: ['eu'] });
  for (let i = 0; i < 60; i++) bench.call([sampleRecord(random)], { version: 'v2', bound: ['us'] });
  bench.clock.advance(20);
  const truth = { model: 'rain', version: 'v2', inferenceId: 'x', predicted: 0.9, truth: 0.8, scope: 'eu' };
  bench.drift.joined(truth);
  await bench.pass(window);
  bench.promoted = { version: 'v2', by: { canary: 'c1', atMs: bench.clock.wallMs() } };
  await bench.pass(1_000);
  const [all, eu, us] = ids('v2');
  t.strictSame([all?.baseline.records, eu?.baseline.records], [210, 150]);
  t.equal(us?.id, 'own', 'too few of them yet');
  t.strictSame(
    [all, eu].map(each => each?.baseline.performance?.truths),
    [1, 1],
    'what was measured before is in it',
  );
  for (let i = 0; i < 60; i++) bench.call([sampleRecord(random)], { version: 'v2', bound: ['us'] });
  bench.clock.advance(20);
  await bench.pass(1_000);
  t.equal(ids('v2')[2]?.baseline.records, 120);
});

test('a reload that adds a scope begins it then, one that takes it away forgets it, and the whole goes on', async t => {
  let model = monitoredModel(monitorOptions(), ['v1']);
  const bench = await driftBench(t, { ports: { models: () => [model], model: () => model } });
  calls(bench, 100, 'eu', 0);
  await bench.pass(1_000);
  model = monitoredModel(monitorOptions({ scopes }), ['v1']);
  await bench.pass(1_000);
  calls(bench, 60, 'eu', 2);
  await bench.pass(window);
  t.strictSame(samples(bench), { all: 160, eu: 60 });
  model = monitoredModel(monitorOptions(), ['v1']);
  calls(bench, 100, 'eu', 0);
  const before = bench.judged('features', 'x').length;
  await bench.pass(window);
  t.strictSame(
    bench
      .judged('features', 'x')
      .slice(before)
      .map(({ scope, sample }) => [scope, sample]),
    [['all', 100]],
  );
});

test('what was learned of versions and scopes that are no more is forgotten with the next promotion', async t => {
  const state = memoryState();
  let model = monitoredModel(monitorOptions({ scopes }), ['v1', 'v2']);
  const bench = await driftBench(t, { ports: { state, models: () => [model], model: () => model } });
  const promote = async (version: string) => {
    for (const bound of ['eu', 'us'])
      for (let i = 0; i < 120; i++) bench.call([sampleRecord(seededRandom(i))], { version, bound: [bound] });
    bench.clock.advance(20);
    bench.promoted = { version, by: { canary: version, atMs: bench.clock.wallMs() } };
    await bench.pass(3_000);
  };
  const kept = () => [...state.list('baseline/').keys()].sort();
  await promote('v1');
  t.strictSame(kept(), ['baseline/rain/v1', 'baseline/rain/v1/eu', 'baseline/rain/v1/us']);
  model = monitoredModel(monitorOptions({ scopes: { eu: {} } }), ['v2']);
  await promote('v2');
  t.strictSame(kept(), ['baseline/rain/v2', 'baseline/rain/v2/eu']);
});
