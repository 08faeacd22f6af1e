import fc from 'fast-check';
import { test } from 'tap';
import { seededRandom } from '../../src/core/random.ts';
import { buildBaseline } from '../../src/drift/build-baseline.ts';
import { counterFor } from '../../src/drift/counts.ts';
import { mostCells } from '../../src/drift/score-counts.ts';
import { decodePane } from '../../src/drift/stored-panes.ts';
import { addTruth, addTruths, measuresOf, noTruths, type TruthCounts } from '../../src/drift/truth-counts.ts';
import { areaUnderRoc } from '../../src/statistics/ranks.ts';

type Pair = readonly [score: number, truth: 0 | 1];

function counted(pairs: readonly Pair[]): TruthCounts {
  const truths = noTruths();
  for (const [score, truth] of pairs) addTruth(truths, score, truth, 0.5);
  return truths;
}

const areaOf = (pairs: readonly Pair[]) =>
  areaUnderRoc(
    pairs.map(([, truth]) => truth === 1),
    pairs.map(([score]) => score),
  );

const pair = fc.tuple(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(0 as const, 1 as const));

test('the area under the curve is exact, whatever the scores, over any replicas and panes', async t => {
  // Five truths within a hundredth: what bins of the score cannot tell apart.
  const close: Pair[] = [
    [0.9001, 0],
    [0.9002, 1],
    [0.9003, 0],
    [0.9004, 1],
    [0.2, 0],
  ];
  t.equal(measuresOf(counted(close)).auc, 5 / 6, 'as scikit-learn says');
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 60 }), fc.nat(60), fc.nat(60), (pairs, one, other) => {
      const merged = noTruths();
      const cuts = [one, other].sort((a, b) => b - a);
      for (const [from, to] of [
        [cuts[0], undefined],
        [cuts[1], cuts[0]],
        [0, cuts[1]],
      ])
        addTruths(merged, counted(pairs.slice(from, to)));
      const whole = counted(pairs);
      const [auc, expected] = [measuresOf(merged).auc, areaOf(pairs)];
      return (
        JSON.stringify(merged.scores) === JSON.stringify(whole.scores) &&
        (auc === undefined ? Number.isNaN(expected) : Math.abs(auc - expected) < 1e-12)
      );
    }),
    { seed: 1, numRuns: 500 },
  );
});

test('many scores share cells, of the same width whoever counted them, and a handful of bytes', async t => {
  const random = seededRandom(4);
  for (const scale of [1, 1e-4, 1e6]) {
    const pairs = Array.from({ length: 20_000 }, (): Pair => {
      const truth = random() < 0.3 ? 1 : 0;
      return [scale * random() ** (truth === 1 ? 0.6 : 1.4), truth];
    });
    const whole = counted(pairs);
    const parts = [0, 1, 2].map(part => counted(pairs.filter((_, index) => index % 3 === part)));
    const merged = noTruths();
    for (const part of parts.toReversed()) addTruths(merged, part);
    t.strictSame(merged.scores, whole.scores, `merging is exact at scale ${scale}`);
    t.ok(whole.scores.width > 0 && whole.scores.scores.length <= mostCells);
    t.ok(Math.abs((measuresOf(whole).auc ?? 0) - areaOf(pairs)) < 1e-4, `AUC at scale ${scale}`);
  }
});

test('a pane goes to other replicas and back as it was, and one whose arrays do not go together is refused', async t => {
  const baseline = buildBaseline({ instances: [], typed: true, predictions: [], performance: undefined });
  const pane = counterFor(baseline).empty();
  for (let index = 0; index < 2 * mostCells; index++) addTruth(pane.truths, Math.sqrt(index) / 50, index % 2, 0.5);
  const like = counterFor(baseline).empty();
  t.strictSame(decodePane(JSON.stringify(pane), like), pane);
  pane.truths.scores.positives.pop();
  t.equal(decodePane(JSON.stringify(pane), like), undefined);
});
