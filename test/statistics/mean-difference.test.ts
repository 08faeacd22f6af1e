import { test } from 'tap';
import { type Random, seededRandom } from '../../src/core/random.ts';
import {
  addStratum,
  type MeanDifferenceOptions,
  meanDifference,
  noMeanDifference,
  tightestVariance,
} from '../../src/statistics/mean-difference.ts';
import { addToMoments, type Moments, mergeMoments, momentsOf, noMoments } from '../../src/statistics/moments.ts';
import { shareSequence } from '../../src/statistics/share-sequence.ts';
import { agree, close } from '../helpers/agree.ts';
import { binomialDraw, countRuns } from '../helpers/draws.ts';

const options: MeanDifferenceOptions = { alpha: 0.05, tightestAt: 0, sides: 'both' };
const arm = (count: number, mean: number, deviation: number): Moments => ({
  count,
  mean,
  m2: deviation ** 2 * (count - 1),
  min: 0,
  max: 1,
});

test('the bounds are those of the published boundary', async t => {
  // n calls each, deviation 1: the same as one mean of n values with variance 2, whose boundary is written out here.
  const n = 500;
  const rho2 = (level: number) => (-2 * Math.log(level) + Math.log(-2 * Math.log(level)) + 1) * (0.1 ** 2 / 2);
  const half = (squared: number, log: (root: number) => number) =>
    Math.SQRT2 * Math.sqrt(((2 * (n * squared + 1)) / (n * n * squared)) * log(Math.sqrt(n * squared + 1)));
  const both = half(rho2(0.05), root => Math.log(root / 0.05));
  const one = half(rho2(0.1), root => Math.log(1 + root / 0.1));
  // Deviation 1 about the common mean, as an estimate from both: what the permutation of all values has.
  const each = { count: n, mean: 3, m2: ((2 * n - 1) * 1) / 2, min: null, max: null };
  const sum = addStratum(noMeanDifference, { canary: each, stable: each });
  const tightestAt = tightestVariance(sum, 0.1) ?? 0;
  const bounds = meanDifference(sum, { ...options, tightestAt });
  const single = meanDifference(sum, { ...options, tightestAt, sides: 'one' });
  agree(t, [
    ['estimate', bounds.estimate, 0],
    ['low', bounds.low, -both],
    ['high', bounds.high, both],
    ['one-sided', single.high, one],
  ]);
  t.ok(single.high < bounds.high, 'one side alone is tighter');
});

test('nothing is said of values of one version, or of none that vary', async t => {
  const alone = addStratum(noMeanDifference, { canary: momentsOf([2, 3]), stable: noMoments });
  t.same(alone, noMeanDifference);
  t.match(meanDifference(alone, options), { low: -Infinity, high: Infinity });
  const alike = addStratum(noMeanDifference, { canary: arm(50, 2, 0), stable: arm(50, 2, 0) });
  t.match(meanDifference(alike, options), { low: -Infinity, high: Infinity });
  t.equal(tightestVariance(alike, 0.1), undefined);
});

test('values that never vary show a difference after some strata, not after one', async t => {
  let sum = noMeanDifference;
  const seen = Array.from({ length: 40 }, () => {
    sum = addStratum(sum, { canary: arm(5, 2, 0), stable: arm(20, 1, 0) });
    return meanDifference(sum, { ...options, tightestAt: 0.1, sides: 'one' }).low > 0;
  });
  t.notOk(seen[0]);
  t.ok(seen.at(-1));
});

test('a version that has most of its values where all values are high is not taken for a worse one', async t => {
  let sum = noMeanDifference;
  let [canary, stable] = [noMoments, noMoments];
  for (const [share, mean] of [
    [0.01, 1],
    [0.1, 2],
    [0.5, 4],
  ] as const) {
    for (let look = 0; look < 20; look += 1) {
      const stratum = { canary: arm(1_000 * share, mean, 1), stable: arm(1_000 * (1 - share), mean, 1) };
      sum = addStratum(sum, stratum);
      [canary, stable] = [mergeMoments(canary, stratum.canary), mergeMoments(stable, stratum.stable)];
    }
  }
  t.ok(canary.mean > 1.5 * stable.mean, 'pooled, it looks half as bad again');
  t.ok(close(meanDifference(sum, { ...options, tightestAt: 100 }).estimate, 0, 1e-9));
});

/** Whether the bounds miss the true difference of skewed costs at any of forty looks: costs and share both move. */
function missesEver(random: Random, sides: 'both' | 'one'): boolean {
  let sum = noMeanDifference;
  let tightestAt: number | undefined;
  for (let look = 0; look < 40; look += 1) {
    const share = look < 15 ? 0.1 : 0.6;
    const cost = () => -Math.log(1 - random()) * (1 + look / 10);
    let [canary, stable] = [noMoments, noMoments];
    for (let call = 0; call < 50; call += 1) {
      if (random() < share) canary = addToMoments(canary, 0.2 + cost());
      else stable = addToMoments(stable, cost());
    }
    sum = addStratum(sum, { canary, stable });
    if (look < 3) continue; // some dozens of values first
    tightestAt ??= tightestVariance(sum, 0.1) ?? 1;
    const { low, high } = meanDifference(sum, { ...options, tightestAt, sides });
    if (high < 0.2 || (sides === 'both' && low > 0.2)) return true;
  }
  return false;
}

test('looked at forty times the bounds miss no more often than alpha', async t => {
  const random = seededRandom(6);
  for (const sides of ['both', 'one'] as const) {
    const missed = countRuns(400, () => missesEver(random, sides));
    t.ok(missed / 400 <= 0.05 + 0.025, `${missed} of 400, ${sides}`);
  }
});

test('the exact sequence of a share holds it at every look', async t => {
  const random = seededRandom(7);
  const missed = countRuns(500, () => {
    let [calls, errors] = [0, 0];
    for (let look = 0; look < 30; look += 1) {
      calls += 40;
      errors += binomialDraw(random, 40, 0.02);
      const { low, high } = shareSequence({ calls, errors }, 0.05);
      if (low > 0.02 || high < 0.02) return true;
    }
    return false;
  });
  t.ok(missed / 500 <= 0.05 + 0.02, `${missed} of 500`);
});

test('the sequence of a share is open where nothing was seen, and the same from either side', async t => {
  t.same(shareSequence({ calls: 0, errors: 0 }, 0.05), { low: 0, high: 1 });
  t.equal(shareSequence({ calls: 50, errors: 0 }, 0.05).low, 0);
  t.equal(shareSequence({ calls: 50, errors: 50 }, 0.05).high, 1);
  const [one, other] = [
    shareSequence({ calls: 300, errors: 7 }, 0.05),
    shareSequence({ calls: 300, errors: 293 }, 0.05),
  ];
  t.ok(close(one.low, 1 - other.high, 1e-6) && close(one.high, 1 - other.low, 1e-6));
});
