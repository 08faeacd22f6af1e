import fc from 'fast-check';
import { test } from 'tap';
import { type Random, seededRandom } from '../../src/core/random.ts';
import {
  addSpread,
  designEffect,
  type GroupValues,
  noSpread,
  type Spread,
} from '../../src/statistics/design-effect.ts';
import { binomialDraw } from '../helpers/draws.ts';

const rate = 0.05;

/** Forty looks of thirty callers in 32 groups, ten calls each, and how a caller's errors are drawn. */
function spreadOf(random: Random, errorsOf: () => number, alone = 0): Spread {
  let spread = noSpread;
  for (let look = 0; look < 40; look += 1) {
    const groups: Record<string, GroupValues> = {};
    for (let caller = 0; caller < 30; caller += 1) {
      const group = Math.floor(32 * random());
      const { n, sum } = groups[group] ?? { n: 0, sum: 0 };
      const errors = errorsOf();
      groups[group] = { n: n + 10, sum: sum + errors, squares: sum + errors };
    }
    spread = addSpread(spread, groups, { count: 300 + alone, mean: rate, variance: rate * (1 - rate) });
  }
  return spread;
}

function meanOf(times: number, draw: () => number): number {
  return Array.from({ length: times }, draw).reduce((sum, each) => sum + each, 0) / times;
}

test('of independent calls it is 1 and little more, of calls that fail together as many as those are', async t => {
  const random = seededRandom(11);
  const independent = () => spreadOf(random, () => binomialDraw(random, 10, rate));
  const together = () => spreadOf(random, () => (random() < rate ? 10 : 0));
  const apart = meanOf(50, () => designEffect(independent(), 'shares'));
  const alike = meanOf(50, () => designEffect(together(), 'shares'));
  t.ok(apart < 1.2, `${apart}`);
  t.ok(alike > 8 && alike < 12, `${alike} of 10`);
});

test('what a whole version does worse is no likeness of its callers', async t => {
  const random = seededRandom(12);
  const worse = () => spreadOf(random, () => binomialDraw(random, 10, 3 * rate));
  t.ok(meanOf(50, () => designEffect(worse(), 'shares')) < 1.25);
  const broken = () => spreadOf(random, () => (random() < 3 * rate ? 10 : 0));
  const alike = meanOf(50, () => designEffect(broken(), 'shares'));
  t.ok(alike > 7.5 && alike < 12.5, `${alike} of 10, also where there are more of them than expected`);
});

test('calls that nobody repeats make it less', async t => {
  const random = seededRandom(13);
  const half = meanOf(50, () =>
    designEffect(
      spreadOf(random, () => (random() < rate ? 10 : 0), 300),
      'shares',
    ),
  );
  t.ok(half > 4.5 && half < 6.5, `${half}`);
});

test('one caller alone is no version: what he does is laid to him', async t => {
  const [all, usual] = [
    { n: 30, sum: 30, squares: 30 },
    { count: 30, mean: 0.02, variance: 0.0196 },
  ];
  t.ok(designEffect(addSpread(noSpread, { 7: all }, usual), 'shares') > 100);
});

test('it is 1 or more, whatever was counted', async t => {
  const values = fc.record({ n: fc.nat(1_000), ones: fc.nat(1_000) });
  const check = () =>
    fc.assert(
      fc.property(
        fc.dictionary(fc.nat(31).map(String), values),
        fc.double({ min: 0.001, max: 0.999, noNaN: true }),
        (all, mean) => {
          const groups = Object.fromEntries(
            Object.entries(all).map(([group, { n, ones }]) => {
              const sum = Math.min(n, ones);
              return [group, { n, sum, squares: sum }];
            }),
          );
          const count = Object.values(groups).reduce((total, { n }) => total + n, 0);
          const spread = addSpread(noSpread, groups, { count, mean, variance: mean * (1 - mean) });
          const [shares, other] = [designEffect(spread, 'shares'), designEffect(spread, 'values')];
          return shares >= 1 && other >= 1 && Number.isFinite(shares) && Number.isFinite(other);
        },
      ),
    );
  t.doesNotThrow(check);
});
