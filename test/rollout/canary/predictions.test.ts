import { test } from 'tap';
import { seededRandom } from '../../../src/core/random.ts';
import { addPredictions, judgePredictions } from '../../../src/rollout/canary/guards/predictions.ts';
import { moved } from '../../../src/rollout/canary/move.ts';
import { newCanary, show } from '../../helpers/canary-record.ts';

const nothing = { canary: {}, stable: {}, judged: 0, judgedAt: 0, p: 1, distance: 0 };
const alpha = 0.001;

/** As many draws of labels, a few of them frequent and most of them rare, as words are. */
function words(random: () => number, many: number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let drawn = 0; drawn < many; drawn += 1) {
    const key = `=${Math.floor(2_000 ** random())}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

test('many rare labels on both sides condemn nobody, though one side has a hundredth of the calls', t => {
  const random = seededRandom(11);
  let condemned = 0;
  for (let run = 0; run < 200; run += 1) {
    const { p } = judgePredictions(
      { ...nothing, canary: words(random, 100), stable: words(random, 9_900) },
      { alpha, designEffect: 1 },
    );
    if (p <= alpha) condemned += 1;
  }
  t.ok(condemned <= 2, `${condemned} of 200`);
  t.end();
});

test('labels that stable does not give are seen, one of them or many', t => {
  const random = seededRandom(12);
  const stable = words(random, 9_900);
  const one = judgePredictions({ ...nothing, canary: { '=unknown': 100 }, stable }, { alpha, designEffect: 1 });
  t.ok(one.p <= alpha && one.distance > 0.5, `p ${one.p}, ${one.distance} apart`);
  const strange = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`=strange ${at}`, 1]));
  const many = judgePredictions({ ...nothing, canary: strange, stable }, { alpha, designEffect: 1 });
  t.ok(many.p <= alpha && many.distance > 0.2, `p ${many.p}, ${many.distance} apart`);
  t.end();
});

test('free text does not make the record grow', t => {
  let both: Parameters<typeof addPredictions>[0] = { canary: {}, stable: {} };
  for (let look = 0; look < 50; look += 1) {
    const side = (name: string) =>
      Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`=${name}${look}-${at}`, 1]));
    both = addPredictions(both, { canary: { ...side('c'), '=yes': 1 }, stable: side('s') });
  }
  const keys = new Set([...Object.keys(both.canary), ...Object.keys(both.stable)]);
  t.equal(keys.size, 401);
  const sum = (counts: Readonly<Record<string, number>>) =>
    Object.values(counts).reduce((all, count) => all + count, 0);
  t.same([sum(both.canary), sum(both.stable)], [5_050, 5_000], 'and no prediction is lost');
  t.equal(both.canary['=yes'], 50, 'what was there first is still told apart');
  t.end();
});

test('predictions that move on both sides with the time condemn nobody, though the share grew meanwhile', t => {
  const day = (n: number, key: string) => ({ [`p/canary/${key}`]: n, [`p/stable/${key}`]: 1_000 - n });
  let record = newCanary({ steps: [10, 50], minSample: 1_000_000 });
  for (let look = 1; look <= 20; look += 1) record = show(record, look, day(100, '=sun')).record;
  record = moved(record, 'step', { by: 'gateway', reason: '', atMs: 100 }) ?? record;
  for (let look = 1; look <= 20; look += 1) {
    const shown = show(record, 100 + look, day(500, '=rain'));
    t.equal(shown.decision, undefined);
    record = shown.record;
  }
  t.ok(record.evidence.predictions.judged > 5, 'they were compared in both steps');
  t.end();
});
