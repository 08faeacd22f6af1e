import fc from 'fast-check';
import { test } from 'tap';
import { seededRandom } from '../../src/core/random.ts';
import {
  chiSquareContingency,
  chiSquareFit,
  chiSquareTwoSample,
  fisherExact,
  stabilitySignificance,
  twoProportionZ,
} from '../../src/statistics/contingency.ts';
import { populationStabilityOfCounts } from '../../src/statistics/distances.ts';
import { agree } from '../helpers/agree.ts';

const table = [
  [90, 10],
  [75, 25],
] as const;

test('tests of count tables agree with scipy', async t => {
  const wide = chiSquareContingency([
    [50, 30, 20],
    [30, 40, 30],
  ]);
  const fit = chiSquareFit([30, 40, 30], [50, 30, 20]);
  const [yates, plain] = [chiSquareContingency(table, true), chiSquareContingency(table)];
  agree(t, [
    ['2 × 3', wide.statistic, 8.42857142857],
    ['2 × 3 p', wide.p, 0.0147828771948],
    ['2 × 3 degrees', wide.degrees, 2],
    ['Yates', yates.statistic, 6.78787878788],
    ['Yates p', yates.p, 0.00917789002542],
    ['no correction', plain.statistic, 7.79220779221],
    ['no correction p', plain.p, 0.00524720373912],
    ['Fisher', fisherExact(table), 0.00850357147862],
    ['z', twoProportionZ(90, 100, 75, 100).z, 2.7914526312],
    ['z p', twoProportionZ(90, 100, 75, 100).p, 0.00524720373912],
    ['fit', fit.statistic, 16.3333333333],
    ['fit p', fit.p, 0.000283962983903],
  ]);
});

test('empty rows and columns are left out; one column has nothing to say', async t => {
  t.same(
    chiSquareTwoSample([5, 0, 10], [10, 0, 5]),
    chiSquareTwoSample([5, 10], [10, 5]),
    'a bin empty on both sides costs no degree of freedom',
  );
  t.same(chiSquareTwoSample([5, 0], [7, 0]), { statistic: 0, degrees: 0, p: 1 });
  t.same(chiSquareTwoSample([5, 3], [0, 0]), { statistic: 0, degrees: 0, p: 1 });
  t.same(twoProportionZ(0, 10, 0, 20), { z: 0, p: 1 });
});

test("Fisher's test takes large tables and far tails", async t => {
  const p = (a: number, b: number, c: number, d: number) =>
    fisherExact([
      [a, b],
      [c, d],
    ]);
  agree(t, [
    ['a percent of 100 000', p(1000, 99_000, 1200, 98_800), 1.9639506802388064e-5],
    ['half of 100 000', p(50_000, 50_000, 50_300, 49_700), 0.18116548544759448],
    ['beyond all digits', p(5, 99_995, 5000, 95_000), 0],
    ['an empty cell', p(0, 20, 8, 12), 0.003276003276003276],
    ['a second one', p(8, 12, 0, 20), 0.003276003276003276],
  ]);
});

const count = fc.integer({ min: 0, max: 60 });

test("Fisher's p is a chance, whichever way the table is turned", async () => {
  fc.assert(
    fc.property(count, count, count, count, (a, b, c, d) => {
      const p = fisherExact([
        [a, b],
        [c, d],
      ]);
      const turned = [
        fisherExact([
          [c, d],
          [a, b],
        ]),
        fisherExact([
          [b, a],
          [d, c],
        ]),
        fisherExact([
          [a, c],
          [b, d],
        ]),
      ];
      return p > 0 && p <= 1 && turned.every(other => Math.abs(other - p) < 1e-9);
    }),
  );
});

test('under no drift the significance of the stability index keeps its level', async t => {
  const random = seededRandom(7);
  const drawn = (n: number) => {
    const bins = new Array<number>(10).fill(0);
    for (let each = 0; each < n; each += 1) {
      const bin = Math.floor(random() * 10);
      bins[bin] = (bins[bin] ?? 0) + 1;
    }
    return bins;
  };
  let [alarms, conventional] = [0, 0];
  for (let run = 0; run < 500; run += 1) {
    const stability = populationStabilityOfCounts(drawn(100), drawn(100), { addCount: 0.5 });
    if (stabilitySignificance(stability, 100, 100, 10).p < 0.05) alarms += 1;
    if (stability > 0.1) conventional += 1;
  }
  t.ok(alarms / 500 < 0.09, `${alarms} of 500`);
  t.ok(conventional / 500 > 0.7, 'where the conventional 0.1 raises a false alarm most of the time');
});
