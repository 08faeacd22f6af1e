import fc from 'fast-check';
import { test } from 'tap';
import { type Batches, batches, takeBatches } from '../../../src/rollout/canary/batches.ts';
import { addCounts, type Counts } from '../../../src/rollout/canary/counts.ts';

interface Process {
  readonly batches: Batches;
  counts: Record<string, number>;
  published: string;
}

test('each count is taken once, whoever looks and however late a process hears of it', t => {
  const act = fc.record({
    process: fc.nat(2),
    what: fc.constantFrom('count', 'publish', 'look', 'hear'),
    by: fc.nat(5),
  });
  const check = () =>
    fc.assert(
      fc.property(fc.array(act, { maxLength: 80 }), acts => {
        const processes: Process[] = ['a', 'b', 'c'].map(name => ({
          batches: batches(name),
          counts: {},
          published: '',
        }));
        let consumed: Readonly<Record<string, number>> = {};
        let sum: Counts = {};
        const look = () => {
          const texts = processes.map(({ published }) => published).filter(text => text !== '');
          const taken = takeBatches(texts, consumed);
          consumed = taken.consumed;
          sum = addCounts([sum, taken.counts]);
        };
        const publish = (process: Process) => {
          process.published = JSON.stringify(process.batches.next(process.counts, []));
        };
        const hear = (index: number) => processes[index]?.batches.taken(consumed['abc'[index] ?? '']);
        for (const { process: index, what, by } of acts) {
          const process = processes[index];
          if (process === undefined) continue;
          if (what === 'count') process.counts['n'] = (process.counts['n'] ?? 0) + by;
          else if (what === 'publish') publish(process);
          else if (what === 'look') look();
          else hear(index);
        }
        for (let round = 0; round < 2; round += 1) {
          for (const [index, process] of processes.entries()) {
            hear(index);
            publish(process);
          }
          look();
        }
        const counted = processes.reduce((total, { counts }) => total + (counts['n'] ?? 0), 0);
        return (sum['n'] ?? 0) === counted;
      }),
      { numRuns: 1_000 },
    );
  t.doesNotThrow(check);
  t.end();
});

test('a process that hears nothing for very long loses counts and doubles none', t => {
  const mine = batches('a');
  const counts: Record<string, number> = { n: 0 };
  let text = '';
  for (let n = 1; n <= 1_000; n += 1) {
    counts['n'] = n;
    text = JSON.stringify(mine.next(counts, []));
    if (n === 300) t.equal(takeBatches([text], {}).counts['n'], 300);
  }
  mine.taken(300); // by now forgotten
  counts['n'] = 1_001;
  const taken = takeBatches([JSON.stringify(mine.next(counts, []))], { a: 300 });
  t.ok((taken.counts['n'] ?? 0) > 0 && (taken.counts['n'] ?? 0) <= 701, `${taken.counts['n']}`);
  t.end();
});
