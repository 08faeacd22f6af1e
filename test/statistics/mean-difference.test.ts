import { test } from 'tap';
import { type Random, seededRandom } from '../../src/core/random.ts';
import { type MeanDifferenceOptions, meanDifference } from '../../src/statistics/mean-difference.ts';
import { addToMoments, type Moments, momentsOf, noMoments } from '../../src/statistics/moments.ts';
import { shareDifference, shareSequence } from '../../src/statistics/share-difference.ts';
import { agree, close } from '../helpers/agree.ts';
import { binomialDraw, countRuns } from '../helpers/draws.ts';

const options: MeanDifferenceOptions = { alpha: 0.05, tightestAt: 0.1, sides: 'both', leastDeviation: 0 };
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
  const bounds = meanDifference(arm(n, 3, 1), arm(n, 2, 1), options);
  const single = meanDifference(arm(n, 3, 1), arm(n, 2, 1), { ...options, sides: 'one' });
  agree(t, [
    ['low', bounds.low, 1 - both],
    ['high', bounds.high, 1 + both],
    ['one-sided', single.high, 1 + one],
  ]);
  t.ok(single.high < bounds.high, 'one side alone is tighter');
});

test('nothing is said of too few values or of none that vary, unless a least deviation is given', async t => {
  const nothing = { estimate: 1, low: -Infinity, high: Infinity };
  t.same(meanDifference(momentsOf([2]), arm(50, 1, 1), options), nothing);
  t.same(meanDifference(arm(50, 2, 0), arm(50, 1, 0), options), nothing);
  const floored = meanDifference(arm(50, 2, 0), arm(50, 1, 0), { ...options, leastDeviation: 0.1 });
  t.ok(floored.low > 0 && floored.high < 2);
});

/** Whether the bounds miss the true difference of skewed costs at any of forty looks, with a share that ramps. */
function missesEver(random: Random, sides: 'both' | 'one'): boolean {
  let [canary, stable] = [noMoments, noMoments];
  const cost = () => -Math.log(1 - random());
  for (let look = 0; look < 40; look += 1) {
    const share = look < 15 ? 0.3 : 0.6;
    for (let call = 0; call < 50; call += 1) {
      if (random() < share) canary = addToMoments(canary, 0.2 + cost());
      else stable = addToMoments(stable, cost());
    }
    const { low, high } = meanDifference(canary, stable, { ...options, sides });
    if (look > 0 && (high < 0.2 || (sides === 'both' && low > 0.2))) return true;
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

test('enough concurrent calls show that the canary errs by at most delta more', async t => {
  const few = shareDifference({ calls: 200, errors: 2 }, { calls: 1800, errors: 18 }, 0.05);
  t.ok(few.high > 0.02 && few.low < 0, 'two hundred calls do not');
  const many = shareDifference({ calls: 5000, errors: 50 }, { calls: 45_000, errors: 450 }, 0.05);
  t.ok(many.high <= 0.01 && many.low > -0.01, `${many.high}`);
  const [left, right] = [
    shareSequence({ calls: 200, errors: 2 }, 0.025),
    shareSequence({ calls: 1800, errors: 18 }, 0.025),
  ];
  t.equal(few.high, left.high - right.low, 'each version takes half of alpha');
  t.equal(few.low, left.low - right.high);
  t.same(shareSequence({ calls: 0, errors: 0 }, 0.05), { low: 0, high: 1 });
  t.equal(shareSequence({ calls: 50, errors: 0 }, 0.05).low, 0);
  t.equal(shareSequence({ calls: 50, errors: 50 }, 0.05).high, 1);
  const [one, other] = [
    shareSequence({ calls: 300, errors: 7 }, 0.05),
    shareSequence({ calls: 300, errors: 293 }, 0.05),
  ];
  t.ok(close(one.low, 1 - other.high, 1e-6) && close(one.high, 1 - other.low, 1e-6));
});
