import { test } from 'tap';
import { seededRandom } from '../../src/core/random.ts';
import { driftBench, sampleRecord } from '../helpers/drift.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { startRedis } from '../helpers/redis.ts';
import { redisLink } from '../helpers/redis-replica.ts';

const minute = 60_000;
const windows = { paneSeconds: 60, tumblingPanes: 2, minRecords: 50, minTruths: 20, settleMs: 5_000 };

test('each of three replicas on one Redis judges exactly what one monitor over all the traffic does', async t => {
  const redis = await startRedis(t);
  const { link } = redisLink(t, redis.url);
  await new Promise<void>(resolve => (link.up ? resolve() : void link.cache.onUp(() => resolve())));
  const clock = manualClock();
  const three = await Promise.all(
    ['a', 'b', 'c'].map(replica =>
      driftBench(t, { clock, monitor: { windows }, ports: { tallies: link.tallies(replica) } }),
    ),
  );
  const alone = await driftBench(t, { clock, monitor: { windows } });
  const random = seededRandom(21);
  for (let i = 0; i < 900; i++) {
    // Uneven, so that no replica could say it by itself.
    const replica = three[i % 7 === 0 ? 0 : i % 11 === 0 ? 1 : 2];
    const rows = [sampleRecord(random, 0.5), { ...sampleRecord(random), x: random() / 3 }];
    replica?.call(rows);
    alone.call(rows);
    if (i % 300 === 299) clock.advance(20_000);
  }
  replicaTruths(three, alone);
  for (let passed = 0; passed < 2 * minute; passed += 1_000) {
    clock.advance(1_000);
    for (const each of [...three, alone]) await each.drift.turn();
  }
  const judged = (bench: typeof alone) => bench.events.filter(({ type }) => type === 'drift-judged');
  t.ok(judged(alone).length >= 5, 'features, prediction, quality');
  t.match(alone.judged('features', 'x'), [{ sample: 1_800, level: 'drifted' }]);
  for (const replica of three) {
    t.strictSame(judged(replica), judged(alone), 'to the last digit');
    t.strictSame(windowOf(replica), windowOf(alone), 'and so are counts, means and errors');
  }
});

type Bench = Awaited<ReturnType<typeof driftBench>>;

function replicaTruths(three: readonly Bench[], alone: Bench): void {
  const random = seededRandom(22);
  for (let i = 0; i < 100; i++) {
    const truth = { model: 'rain', version: 'v1', inferenceId: `${i}`, predicted: random(), truth: random() };
    three[i % 3]?.drift.joined(truth);
    alone.drift.joined(truth);
  }
}

/** Judgements and measures; partial sums may be split otherwise, and round to the same. */
function windowOf(bench: Bench): unknown {
  const window = bench.drift.watched()[0]?.whole.windows.get('tumbling');
  const { features, records, truths } = window?.counts ?? {};
  const sum = (parts: readonly number[] = []) => parts.reduceRight((total, part) => total + part, 0);
  return {
    judgements: window?.judgements,
    records,
    bins: features?.map(({ bins }) => bins),
    sums: features?.map(each => [each.sum, each.squares]),
    errors: [truths?.numbers, sum(truths?.errors), sum(truths?.squaredErrors)],
  };
}

test('without Redis, a replica judges what it saw itself', async t => {
  const gone = { publish: () => Promise.reject(new Error('down')), collect: () => Promise.reject(new Error('down')) };
  const bench = await driftBench(t, {
    ports: { tallies: { ...gone, forget: () => Promise.reject(new Error('down')) } },
  });
  const random = seededRandom(23);
  for (let i = 0; i < 100; i++) bench.call([sampleRecord(random, 2)]);
  await bench.pass(2 * minute + 2_000);
  t.strictSame(bench.events, [], 'at first it waits for the others');
  await bench.pass(minute);
  t.match(bench.judged('features', 'x'), [{ sample: 100, level: 'drifted' }]);
});
