import { test } from 'tap';
import { seededRandom } from '../../src/core/random.ts';
import {
  addRates,
  noRateDifference,
  type RateBoundOptions,
  type RateDifference,
  rateDifferenceBound,
} from '../../src/statistics/rate-difference.ts';
import { binomialDraw } from '../helpers/draws.ts';

const margin = 0.02;
const options: RateBoundOptions = { margin, alpha: 0.05, designEffect: 1 };

/** Canary calls after which the bound is within the margin, looked at every fifty; undefined: never in 100 looks. */
function callsToPass(random: () => number, base: number, more: number, stableTimes: number): number | undefined {
  let sum: RateDifference = noRateDifference;
  for (let look = 1; look <= 100; look += 1) {
    // Both rates rise and fall together.
    const rate = base * (1 + 0.8 * Math.sin(look / 10));
    sum = addRates(sum, {
      canary: { calls: 50, errors: binomialDraw(random, 50, rate + more) },
      stable: { calls: 50 * stableTimes, errors: binomialDraw(random, 50 * stableTimes, rate) },
    });
    if (rateDifferenceBound(sum, options) <= margin) return 50 * look;
  }
  return undefined;
}

test('a version that is worse by the margin passes at no look but with the chance that is allowed', async t => {
  const random = seededRandom(8);
  for (const [base, stableTimes] of [
    [0, 20],
    [0.01, 4],
    [0.1, 4],
    [0.1, 1],
  ] as const) {
    const runs = Array.from({ length: 300 }, () => callsToPass(random, base, margin, stableTimes));
    const passed = runs.filter(calls => calls !== undefined).length;
    t.ok(passed / 300 <= 0.05 + 0.02, `${passed} of 300 at ${base}`);
  }
});

test('one that is as good passes after as many calls as its rate asks for', async t => {
  const random = seededRandom(9);
  const median = (base: number) => {
    const runs = Array.from({ length: 101 }, () => callsToPass(random, base, 0, 4) ?? Number.POSITIVE_INFINITY);
    return runs.sort((a, b) => a - b)[50] ?? 0;
  };
  t.ok(median(0) <= 400, `${median(0)} calls without any error`);
  t.ok(median(0.01) <= 700, `${median(0.01)} at 1 %`);
  t.ok(median(0.1) <= 2_800, `${median(0.1)} at 10 %`);
});

test('strata of one version alone say nothing, and nothing is passed without any', async t => {
  const alone = addRates(noRateDifference, { canary: { calls: 9, errors: 0 }, stable: { calls: 0, errors: 0 } });
  t.same(alone, noRateDifference);
  t.equal(rateDifferenceBound(alone, options), Number.POSITIVE_INFINITY);
});

test('calls that fail together count for fewer', async t => {
  const look = { canary: { calls: 500, errors: 10 }, stable: { calls: 2_000, errors: 40 } };
  const sum = addRates(noRateDifference, look);
  const bound = (designEffect: number) => rateDifferenceBound(sum, { ...options, designEffect });
  t.ok(bound(4) > bound(1), `${bound(4)} and ${bound(1)}`);
  const fourfold = [1, 2, 3].reduce(sum => addRates(sum, look), sum);
  t.ok(
    Math.abs(rateDifferenceBound(fourfold, { ...options, designEffect: 4 }) - bound(1)) < 1e-12,
    'four times as many of them say what the calls of as many callers do',
  );
});
