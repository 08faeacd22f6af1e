import fc from 'fast-check';
import { test } from 'tap';
import {
  hellingerDistance,
  jensenShannonDistance,
  jensenShannonDivergence,
  kullbackLeibler,
  largestDifference,
  populationStability,
  populationStabilityOfCounts,
  sharesOf,
  totalVariation,
} from '../../src/statistics/distances.ts';
import { agree } from '../helpers/agree.ts';

const e = [0.1, 0.2, 0.3, 0.4];
const a = [0.2, 0.2, 0.3, 0.3];
const even = new Array<number>(10).fill(0.1);
const humped = [0.05, 0.08, 0.1, 0.12, 0.15, 0.12, 0.1, 0.08, 0.1, 0.1];
const before = [100, 200, 300, 400];
const after = [0, 250, 350, 400];

test('distances agree with numpy and scipy', async t => {
  agree(t, [
    ['PSI', populationStability(e, a), 0.0980829253012],
    ['PSI of ten bins', populationStability(even, humped), 0.0711492187577],
    ['PSI, zero replaced', populationStabilityOfCounts(before, after, { replaceBy: 1e-4 }), 0.708949463927],
    ['PSI, counts smoothed', populationStabilityOfCounts(before, after, { addCount: 0.5 }), 0.548062247625],
    ['JS distance', jensenShannonDistance(e, a), 0.109902813388],
    ['JS distance, base 2', jensenShannonDistance(e, a, 2), 0.132006731949],
    ['JS divergence', jensenShannonDivergence(e, a), 0.0120786283906],
    ['JS divergence, base 2', jensenShannonDivergence(e, a, 2), 0.0174257772798],
    ['JS distance of disjoint', jensenShannonDistance([1, 0], [0, 1]), 0.832554611158],
    ['JS distance of disjoint, base 2', jensenShannonDistance([1, 0], [0, 1], 2), 1],
    ['KL(a, e)', kullbackLeibler(a, e), 0.0523248143765],
    ['KL(e, a)', kullbackLeibler(e, a), 0.0457581109247],
    ['Hellinger', hellingerDistance(e, a), 0.11031084375],
    ['L-infinity', largestDifference(e, a), 0.1],
    ['total variation', totalVariation(e, a), 0.1],
  ]);
});

test('an empty bin makes KL infinite and leaves the stability index finite', async t => {
  t.equal(kullbackLeibler([0.5, 0.5], [1, 0]), Infinity);
  t.ok(Number.isFinite(populationStability([1, 0], [0, 1])));
  t.equal(populationStability([1, 0], [1, 0]), 0, 'empty on both sides counts nothing');
});

test('different numbers of bins are refused', async t => {
  for (const distance of [populationStability, hellingerDistance, largestDifference, totalVariation])
    t.throws(() => distance([1], [0.5, 0.5]), RangeError);
});

const counts = fc.array(fc.tuple(fc.nat(1000), fc.nat(1000)), { minLength: 1, maxLength: 12 }).map(
  pairs =>
    [
      [...pairs.map(pair => pair[0]), 1],
      [...pairs.map(pair => pair[1]), 1],
    ] as const,
);

test('distances are symmetric, bounded, and zero between equals', async () => {
  const symmetric = [
    [populationStability, Infinity],
    [jensenShannonDivergence, Math.LN2],
    [jensenShannonDistance, Math.sqrt(Math.LN2)],
    [hellingerDistance, 1 + 1e-12],
    [largestDifference, 1],
    [totalVariation, 1 + 1e-12],
  ] as const;
  fc.assert(
    fc.property(counts, ([left, right]) => {
      const [p, q] = [sharesOf(left), sharesOf(right)];
      return symmetric.every(([distance, most]) => {
        const value = distance(p, q);
        return value >= 0 && value <= most && Math.abs(value - distance(q, p)) < 1e-12 && distance(p, p) === 0;
      });
    }),
  );
});

test('the distances bound each other as they must', async () => {
  fc.assert(
    fc.property(counts, ([left, right]) => {
      const [p, q] = [sharesOf(left), sharesOf(right)];
      const [tv, h, js] = [totalVariation(p, q), hellingerDistance(p, q), jensenShannonDivergence(p, q, 2)];
      const pinsker = kullbackLeibler(p, q) + 1e-12 >= 2 * tv * tv;
      return pinsker && h * h <= tv + 1e-9 && tv <= Math.SQRT2 * h + 1e-9 && js <= tv + 1e-9;
    }),
  );
});
