import { test } from 'tap';
import {
  betaQuantile,
  chiSquareTail,
  lnBeta,
  lnGamma,
  normalCdf,
  normalQuantile,
  normalTail,
  regularizedBeta,
} from '../../src/statistics/special.ts';

/** Computed with scipy 1.17.1 (`special` and `stats`). */
const cases: readonly [string, number, number][] = [
  ['lnGamma(0.1)', lnGamma(0.1), 2.252712651734206],
  ['lnGamma(10)', lnGamma(10), 12.801827480081469],
  ['lnGamma(1000)', lnGamma(1000), 5905.220423209181],
  ['lnBeta(2, 3)', lnBeta(2, 3), -2.4849066497880004],
  ['chi-square 8.42857142857, 2', chiSquareTail(8.42857142857, 2), 0.0147828771948],
  ['chi-square 16.3333333333, 2', chiSquareTail(16.3333333333, 2), 0.000283962983903],
  ['chi-square 6.78787878788, 1', chiSquareTail(6.78787878788, 1), 0.00917789002542],
  ['normal 1.96', normalCdf(1.96), 0.9750021048517795],
  ['normal tail 6', normalTail(6), 9.865876450376946e-10],
  ['normal quantile 0.975', normalQuantile(0.975), 1.959963984540054],
  ['I_0.3(2, 5)', regularizedBeta(0.3, 2, 5), 0.579825],
  ['I_0.9(8, 2)', regularizedBeta(0.9, 8, 2), 0.774840978],
  // Clopper-Pearson bounds of 3 in 100
  ['beta quantile low', betaQuantile(0.025, 3, 98), 0.00622997153831],
  ['beta quantile high', betaQuantile(0.975, 4, 97), 0.0851760529743],
];

test('special functions agree with scipy', t => {
  for (const [name, got, wanted] of cases) {
    t.ok(Math.abs(got - wanted) <= 1e-10 * Math.max(1e-3, Math.abs(wanted)) * 100, `${name}: ${got} for ${wanted}`);
  }
  t.end();
});
