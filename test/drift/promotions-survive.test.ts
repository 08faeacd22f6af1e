import { test } from 'tap';
import { seededRandom } from '../../src/core/random.ts';
import { type DriftBench, driftBench, sampleRecord } from '../helpers/drift.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { memoryReplicas, memoryState } from '../helpers/memory-state.ts';

const [minute, day] = [60_000, 86_400_000];
const random = seededRandom(21);

async function summer(bench: DriftBench, count: number): Promise<void> {
  for (let call = 0; call < count; call += 1) bench.call([sampleRecord(random, 1)], { version: 'v2' });
  await bench.pass(20);
}

const inForce = ({ drift }: DriftBench) =>
  drift.watched().find(({ version }) => version === 'v2')?.whole.monitor?.baseline;

test('a promoted version gets its baseline though the process ends before there are records enough, and once', async t => {
  const [state, clock] = [memoryState(), manualClock(Date.UTC(2025, 9, 20, 6, 48))];
  const promoted = { version: 'v2', by: { canary: 'c', atMs: clock.wallMs() } };
  const start = () => driftBench(t, { clock, ports: { state, promoted: () => promoted } });
  const first = await start();
  await summer(first, 99);
  await first.drift.stop();
  clock.advance(2 * day); // the gateway is away for longer than a promotion without a note is believed
  const second = await start();
  await summer(second, 60);
  t.equal(inForce(second)?.baseline.records, 2_000, 'records of before are gone: it waits on');
  await summer(second, 60);
  t.equal(inForce(second)?.baseline.records, 120);
  const { id } = inForce(second) ?? {};
  await second.drift.stop();
  const third = await start();
  await summer(third, 150);
  t.equal(inForce(third)?.id, id, 'not again');
});

test('a promotion made as the process died is found; one of long ago is not, nor one that was replaced', async t => {
  const clock = manualClock(Date.UTC(2025, 9, 20, 6, 48));
  const by = { canary: 'c', atMs: clock.wallMs() - 2_000 };
  for (const [promoted, records] of [
    [{ version: 'v2', by }, 150],
    [{ version: 'v2', by: { ...by, atMs: clock.wallMs() - 2 * day } }, 2_000],
    [{ version: 'v2' }, 2_000],
    [{ version: 'v1', by }, 2_000],
  ] as const) {
    const bench = await driftBench(t, { clock, ports: { promoted: () => promoted } });
    await summer(bench, 150);
    t.equal(inForce(bench)?.baseline.records, records, JSON.stringify(promoted));
  }
});

test('a version keeps waiting for its baseline while the next one is on trial', async t => {
  const bench = await driftBench(t);
  bench.promoted = { version: 'v2', by: { canary: 'c', atMs: bench.clock.wallMs() } };
  await summer(bench, 99);
  bench.promoted = { version: 'v2' }; // the model's last canary is another now
  await summer(bench, 99);
  t.equal(inForce(bench)?.baseline.records, 198);
});

test('while replicas cannot agree on a baseline windows are judged, and it is learned afterwards', async t => {
  const shared = memoryReplicas()();
  let away = true;
  const replace: typeof shared.replace = (...change) =>
    away ? Promise.reject(new Error('Redis does not answer')) : shared.replace(...change);
  const bench = await driftBench(t, { ports: { state: { ...shared, replace } } });
  bench.promoted = { version: 'v2', by: { canary: 'c', atMs: bench.clock.wallMs() } };
  await summer(bench, 150);
  await bench.pass(2 * minute + 2_000);
  const judged = bench.judged('features', 'x').filter(({ version }) => version === 'v2');
  t.match(judged, [{ level: 'drifted', sample: 150 }]);
  t.equal(bench.warnings.length, 2, 'told once a minute');
  away = false;
  await bench.pass(20);
  t.equal(inForce(bench)?.baseline.records, 150);
});
