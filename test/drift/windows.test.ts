import { test } from 'tap';
import { seededRandom } from '../../src/core/random.ts';
import { buildBaseline } from '../../src/drift/build-baseline.ts';
import { driftBench, sampleBaseline, sampleRecord } from '../helpers/drift.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { memoryReplicas } from '../helpers/memory-state.ts';
import { stateDir } from '../helpers/state-dir.ts';

const minute = 60_000;

test('a window of the same traffic is clear, one that moved is drifted, each told once per window', async t => {
  const bench = await driftBench(t);
  const random = seededRandom(3);
  for (let i = 0; i < 400; i++) bench.call([sampleRecord(random)]);
  await bench.pass(2 * minute + 2_000);
  t.strictSame(
    bench.judged('features').map(({ feature, level, sample, statistic }) => [feature, level, sample, statistic]),
    [
      ['x', 'clear', 400, 'psi'],
      ['colour', 'clear', 400, 'l-infinity'],
    ],
  );
  t.match(bench.judged('prediction'), [{ level: 'clear', sample: 400, feature: 'prediction' }]);
  t.match(
    bench.judged('data-quality').every(({ level }) => level === 'clear'),
    true,
  );
  bench.events.length = 0;
  for (let i = 0; i < 400; i++) bench.call([sampleRecord(random, 0.6, 0.9)]);
  await bench.pass(2 * minute);
  t.match(bench.judged('features'), [
    { feature: 'x', level: 'drifted', version: 'v1', window: 'tumbling', disturbed: false },
    { feature: 'colour', level: 'drifted' },
  ]);
  t.match(bench.judged('prediction'), [{ level: 'drifted' }]);
  const [first] = bench.judged('features');
  t.equal((first?.windowEndsAt ?? 1) % (2 * minute), 0, 'windows end where all replicas’ do');
});

test('too few records say nothing, however far they are', async t => {
  const bench = await driftBench(t);
  const random = seededRandom(4);
  for (let i = 0; i < 49; i++) bench.call([sampleRecord(random, 3)]);
  await bench.pass(2 * minute + 2_000);
  t.match(bench.judged('features', 'x'), [{ level: 'too-few', sample: 49 }]);
});

test('an effect that may be chance, and a difference that is sure but small, are no drift', async t => {
  const windows = { paneSeconds: 60, tumblingPanes: 2, minRecords: 20, settleMs: 1_000 };
  const few = await driftBench(t, { monitor: { windows, significance: 0.0001 } });
  const random = seededRandom(5);
  for (let i = 0; i < 25; i++) few.call([sampleRecord(random)]);
  await few.pass(2 * minute + 2_000);
  const [chance] = few.judged('features', 'x');
  t.ok((chance?.value ?? 0) >= 0.2, 'large, as of 25 records it is by chance');
  t.equal(chance?.level, 'between');
  const many = await driftBench(t, { monitor: { windows } });
  const rows = Array.from({ length: 20_000 }, () => sampleRecord(random, 0.06));
  for (let i = 0; i < rows.length; i += 500) many.call(rows.slice(i, i + 500));
  await many.pass(2 * minute + 2_000);
  t.match(many.judged('features', 'x'), [{ level: 'clear', sample: 20_000 }]);
});

test('sliding windows are judged after every pane, and reach back as far as it takes for their records', async t => {
  const windows = {
    paneSeconds: 60,
    tumblingPanes: 60,
    slidingPanes: 5,
    slidingRecords: 150,
    minRecords: 50,
    settleMs: 0,
  };
  const bench = await driftBench(t, { monitor: { windows } });
  const random = seededRandom(6);
  const samples: number[] = [];
  for (let pane = 0; pane < 8; pane++) {
    for (let i = 0; i < (pane < 5 ? 20 : 160); i++) bench.call([sampleRecord(random)]);
    await bench.pass(minute);
    samples.push(bench.judged('features', 'x').at(-1)?.sample ?? 0);
  }
  t.strictSame(samples, [20, 40, 60, 80, 100, 160, 160, 160]);
  t.match(bench.judged('features', 'x').at(-1), { window: 'sliding' });
});

test('CSV, and what cannot be read', async t => {
  const bench = await driftBench(t, { monitor: { payload: { columns: ['x', 'colour'] } } });
  for (let i = 0; i < 60; i++) bench.call([], { body: '0.1,red\n0.2,blue\n', contentType: 'text/csv', answer: 'no' });
  for (let i = 0; i < 40; i++) bench.call([], { body: '{"instances":[' });
  await bench.pass(2 * minute + 2_000);
  t.match(bench.judged('features', 'x'), [{ sample: 120 }]);
  const whole = bench.judged('data-quality').find(({ feature }) => feature === undefined);
  t.match(whole, { statistic: 'data_type_check', value: 0.25, level: 'drifted' });
  t.match(
    bench.counted.all().filter(({ name }) => name === 'meridian_monitored_calls_total'),
    [
      { labels: { result: 'read' }, value: 60 },
      { labels: { result: 'unreadable' }, value: 40 },
    ],
  );
});

test('large bodies are sampled, a full queue drops, and both are counted', async t => {
  const bench = await driftBench(t, { monitor: { maxBodyBytes: 200, largeSampleRate: 0.1, maxQueuedBytes: 2_000 } });
  const random = seededRandom(7);
  const large = Array.from({ length: 10 }, () => sampleRecord(random));
  for (let i = 0; i < 100; i++) {
    bench.call(large);
    bench.clock.advance(20);
  }
  const of = (result: string) => bench.counted.all().find(({ labels }) => labels['result'] === result)?.value ?? 0;
  t.ok(of('sampled-out') > 80 && of('read') > 2 && of('read') < 20);
  t.equal(of('sampled-out') + of('read'), 100);
  for (let i = 0; i < 100; i++) bench.call([sampleRecord(random)]);
  t.ok(of('dropped') > 70);
});

test('long texts are counted, and not kept: memory is bounded by records and answers', async t => {
  const bench = await driftBench(t);
  const long = 'a'.repeat(20_000);
  bench.call([{ x: 1, colour: long }]);
  bench.call([{ x: 1, colour: 'red' }], { answer: JSON.stringify({ predictions: [long] }) });
  await bench.pass(20);
  const [v1] = bench.drift.watched();
  t.equal(v1?.calls.read.value, 2);
  t.equal(v1?.whole.ring.size, 1);
  t.equal(bench.remembered.length, 1);
});

test('a region that was out marks the window', async t => {
  let out = false;
  const bench = await driftBench(t, { ports: { disturbed: () => out } });
  const random = seededRandom(8);
  for (let i = 0; i < 60; i++) bench.call([sampleRecord(random)]);
  out = true;
  bench.drift.hear({ type: 'region-changed', region: 'us-east-1', from: 'serving', to: 'evacuated' });
  out = false;
  await bench.pass(2 * minute + 2_000);
  t.match(bench.judged('features', 'x'), [{ disturbed: true }]);
  for (let i = 0; i < 60; i++) bench.call([sampleRecord(random)]);
  await bench.pass(2 * minute);
  t.match(bench.judged('features', 'x').at(-1), { disturbed: false });
});

test('a restart goes on in the middle of a window', async t => {
  const directory = t.testdir();
  const before = await driftBench(t, { ports: { directory } });
  const random = seededRandom(9);
  for (let i = 0; i < 40; i++) before.call([sampleRecord(random)]);
  await before.pass(minute);
  for (let i = 0; i < 30; i++) before.call([sampleRecord(random)]);
  await before.drift.stop();
  const after = await driftBench(t, { ports: { directory }, clock: before.clock });
  for (let i = 0; i < 20; i++) after.call([sampleRecord(random)]);
  await after.pass(minute + 2_000);
  t.match(after.judged('features', 'x'), [{ sample: 90 }]);
});

test('a promoted version gets a baseline of its own newest records', async t => {
  const bench = await driftBench(t);
  const random = seededRandom(10);
  const summer = (count: number) => {
    for (let i = 0; i < count; i++) bench.call([sampleRecord(random, 1)], { version: 'v2' });
  };
  summer(99);
  await bench.pass(20);
  bench.promoted = { version: 'v2', by: { canary: 'c', atMs: bench.clock.wallMs() } };
  await bench.pass(20);
  const baselineOf = () =>
    bench.drift.watched().find(({ version }) => version === 'v2')?.whole.monitor?.baseline.baseline;
  t.equal(baselineOf()?.records, 2_000, 'too few so far: it waits');
  summer(1_900);
  await bench.pass(20);
  t.equal(baselineOf()?.records, 1_999);
  summer(1_000);
  await bench.pass(2 * minute + 2_000);
  const judged = bench.judged('features', 'x').filter(({ version }) => version === 'v2');
  t.match(judged, [{ level: 'clear' }], 'what is usual now is no drift');
});

test('a day is no category of the new baseline either: the next one is no drift', async t => {
  const days = Array.from({ length: 1_000 }, (_, day) => new Map([['day', `day ${day}`]]));
  const source = { instances: days, typed: true, predictions: [], performance: undefined };
  const bench = await driftBench(t, { baseline: buildBaseline(source) });
  const today = (day: string) => {
    for (let i = 0; i < 200; i++) bench.call([{ day }]);
  };
  today('Monday');
  await bench.pass(20);
  t.equal(await bench.drift.rebaseline('rain', 'v1'), true);
  await bench.pass(2 * minute + 2_000);
  bench.events.length = 0;
  today('Tuesday');
  await bench.pass(2 * minute + 2_000);
  const judged = ['features', 'data-quality'].flatMap(monitor => bench.judged(monitor, 'day'));
  t.ok(judged.length > 0);
  t.strictSame(
    judged.filter(({ level }) => level !== 'clear'),
    [],
  );
});

test('of several replicas that hear of one promotion, the first makes the baseline', async t => {
  const states = memoryReplicas();
  const [a, b] = [
    await driftBench(t, { ports: { state: states() } }),
    await driftBench(t, { ports: { state: states() } }),
  ];
  const random = seededRandom(13);
  for (const bench of [a, b]) {
    for (let i = 0; i < 150; i++) bench.call([sampleRecord(random, 1)], { version: 'v2' });
    await bench.pass(20);
  }
  const ids: (string | undefined)[] = [];
  for (const bench of [a, b, a]) {
    bench.promoted = { version: 'v2', by: { canary: 'c', atMs: bench.clock.wallMs() } };
    await bench.pass(20);
    ids.push(bench.drift.watched().find(({ version }) => version === 'v2')?.whole.monitor?.baseline.id);
  }
  t.equal(a.drift.watched().find(({ version }) => version === 'v2')?.whole.monitor?.baseline.baseline.records, 150);
  t.equal(new Set(ids).size, 1);
});

test('what a baseline lacks is learned: predictions of the first records, performance of the first truths', async t => {
  const { prediction: _, ...rest } = sampleBaseline();
  const bench = await driftBench(t, {
    baseline: { ...rest, prediction: undefined },
    monitor: { referenceRecords: 200, payload: { threshold: 0.5 } },
  });
  const random = seededRandom(12);
  const inForce = () => bench.drift.watched()[0]?.whole.monitor?.baseline.baseline;
  const serve = async (shift: number, wrong: number) => {
    for (let i = 0; i < 250; i++) bench.call([sampleRecord(random, shift)]);
    for (let i = 0; i < 100; i++)
      bench.drift.joined({
        model: 'rain',
        version: 'v1',
        inferenceId: `${i}`,
        predicted: 0.9,
        truth: i < wrong ? 0 : 1,
      });
    await bench.pass(2 * minute + 2_000);
  };
  await serve(0, 10);
  t.equal(inForce()?.prediction?.kind, 'numeric');
  await serve(0, 10);
  t.match(inForce()?.performance, { truths: 100, measures: { accuracy: 0.9 } });
  t.strictSame(bench.judged('performance'), []);
  bench.events.length = 0;
  await serve(2, 60);
  t.match(bench.judged('prediction'), [{ level: 'drifted', sample: 250 }]);
  t.strictSame(bench.warnings, []);
  const performance = bench.judged('performance').filter(({ statistic }) => statistic === 'accuracy-loss');
  t.match(performance, [{ level: 'drifted', value: 0.5 }]);
});

test('a model without a baseline is visible as such', async t => {
  const bench = await driftBench(t, { baseline: undefined });
  bench.call([{ x: 1 }]);
  await bench.pass(3 * minute);
  t.ok(bench.drift.watched().every(({ whole }) => whole.monitor === undefined));
  t.strictSame(bench.events, []);
});

test('the window that was judged last stands over a restart, until the next one or as long as one would take', async t => {
  const clock = manualClock(Date.UTC(2025, 9, 20, 6, 48));
  const directory = stateDir(t);
  const start = () => driftBench(t, { clock, monitor: { scopes: { eu: {} } }, ports: { directory } });
  const first = await start();
  const random = seededRandom(3);
  for (let i = 0; i < 100; i++) first.call([sampleRecord(random, 2)], { bound: ['eu'] });
  await first.pass(121_100);
  const shown = ({ drift }: typeof first) => {
    const [v1] = drift.watched();
    return [v1?.whole, v1?.scopes.get('eu')].map(part => part?.windows.get('tumbling'));
  };
  const before = shown(first);
  t.match(before, [{ judgements: [{ level: 'drifted' }] }, { counts: { records: 100 } }]);
  await first.drift.stop();
  const second = await start();
  t.strictSame(shown(second), before);
  t.strictSame(
    second.events.filter(({ type }) => type === 'drift-judged'),
    [],
    'it was told',
  );
  await second.drift.stop();
  clock.advance(2 * 120_000);
  t.strictSame(shown(await start()), [undefined, undefined], 'another should have followed long ago');
});

test('what was found against another baseline is not shown when that changes', async t => {
  let id = 'one';
  const bench = await driftBench(t, { ports: { configured: () => ({ baseline: sampleBaseline(), id }) } });
  const random = seededRandom(3);
  for (let i = 0; i < 100; i++) bench.call([sampleRecord(random, 2)]);
  await bench.pass(121_100);
  t.ok(bench.drift.watched()[0]?.whole.windows.has('tumbling'));
  id = 'two';
  await bench.pass(1_000);
  t.notOk(bench.drift.watched()[0]?.whole.windows.has('tumbling'));
});
