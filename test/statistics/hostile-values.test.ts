import { test } from 'tap';
import { noAdwin, stepAdwin } from '../../src/statistics/adwin.ts';
import { chiSquareFit, chiSquareTwoSample, fisherExact } from '../../src/statistics/contingency.ts';
import { jensenShannonDistance, populationStabilityOfCounts } from '../../src/statistics/distances.ts';
import { quantileEdges } from '../../src/statistics/edges.ts';
import { kolmogorovSmirnov, kolmogorovSmirnovOfCounts } from '../../src/statistics/kolmogorov-smirnov.ts';
import { benjaminiHochberg } from '../../src/statistics/multiple-tests.ts';
import { noPageHinkley, stepPageHinkley } from '../../src/statistics/page-hinkley.ts';
import { clopperPearsonInterval, wilsonInterval } from '../../src/statistics/proportions.ts';
import { mannWhitney } from '../../src/statistics/ranks.ts';
import { lnBeta, normalQuantile } from '../../src/statistics/special.ts';
import { agree } from '../helpers/agree.ts';

test('numbers at their limits: as scipy 1.17.1, or 40-digit arithmetic where that has no digits left', async t => {
  const huge = 1e15;
  const { statistic, p } = chiSquareTwoSample([huge, huge], [huge, huge + 1e8]);
  agree(t, [
    ['chi-square of 10¹⁵', statistic, 2.4999998125000125],
    ['its p', p, 0.11384631156083815],
    ['PSI of 10¹⁵ against 1', populationStabilityOfCounts([huge, 1], [1, huge]), 69.0775527898],
    ['JS of disjoint bins, natural', jensenShannonDistance([1, 0], [0, 1]), Math.sqrt(Math.LN2)],
    ['JS of disjoint bins, base 2', jensenShannonDistance([1, 0], [0, 1], 2), 1],
    ['ln B(10⁹, 10)', lnBeta(1e9, 10), -194.43083093438264],
    ['ln B(10¹⁵, 100)', lnBeta(1e15, 100), -3094.743434121498],
    ['upper tail of the normal', normalQuantile(1 - 1e-9), 5.997807019601637],
    ['lower tail of the normal', normalQuantile(1e-300), -37.0470962993612],
    ['Clopper-Pearson of 1 in 10¹²', clopperPearsonInterval(1, 1e12).low * 1e14, 2.5317807984],
  ]);
  t.same(benjaminiHochberg([5e-324, 1e-320, 0.5]), [1.5e-323, 1.5e-320, 0.5], 'subnormal p-values');
  t.equal(
    fisherExact([
      [1e9, 1e9],
      [1e9, 1e9],
    ]),
    1,
    'a table of billions ends soon',
  );
  t.ok(quantileEdges([-1.7e308, 1.7e308], 10).every(Number.isFinite));
});

test('nothing, one value and one side alone say nothing, and no NaN keeps a test from ending', async t => {
  t.same(kolmogorovSmirnov([], [1]), { distance: 0, p: 1 });
  t.same(kolmogorovSmirnov([1], [1]), { distance: 0, p: 1 });
  t.same(kolmogorovSmirnovOfCounts([0, 0], [1, 2]), { distance: 0, p: 1 });
  t.match(chiSquareTwoSample([0, 0], [1, 2]), { statistic: 0, p: 1 });
  t.equal(chiSquareFit([1, 2], [0, 3]).p, 0, 'what cannot be');
  t.same(mannWhitney([], [1]), { u: 0, p: 1, less: 1, greater: 1 });
  t.same(wilsonInterval(0, 0), { low: 0, high: 1 });
  t.same(clopperPearsonInterval(0, 0), { low: 0, high: 1 });
  t.ok(Number.isNaN(kolmogorovSmirnov([Number.NaN], [2]).distance));
  t.same(mannWhitney([Number.NaN, 1], [2, 3]), { u: Number.NaN, p: 1, less: 1, greater: 1 });
});

test('a detector goes on after a value that is no number', async t => {
  const stream = (odd: number) =>
    Array.from({ length: 500 }, (_, index) => (index === 100 ? odd : Number(index >= 250)));
  for (const odd of [Number.NaN, Infinity, -Infinity]) {
    let [adwin, hinkley] = [noAdwin, noPageHinkley];
    let [shrunk, alarms] = [0, 0];
    for (const value of stream(odd)) {
      adwin = stepAdwin(adwin, value);
      hinkley = stepPageHinkley(hinkley, value);
      shrunk += Number(adwin.drifted);
      alarms += Number(hinkley.drifted);
    }
    t.ok(shrunk > 0 && alarms > 0, `after ${odd}`);
  }
});
