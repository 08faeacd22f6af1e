import fc from 'fast-check';
import { test } from 'tap';
import { addExactly, addSum, roundedSum } from '../../src/drift/exact-sum.ts';

const sumOf = (values: readonly number[]) => {
  const sum: number[] = [];
  for (const value of values) addExactly(sum, value);
  return sum;
};

test('sums are those of exact arithmetic, rounded once', async t => {
  t.equal(roundedSum(sumOf([1e16, 1, 1, -1e16])), 2);
  t.equal(roundedSum(sumOf(Array.from({ length: 10 }, () => 0.1))), 1);
  t.equal(roundedSum(sumOf([1e100, 1, -1e100, 1e-30])), 1);
  t.equal(roundedSum([]), 0);
});

test('neither order nor how they are split over replicas changes a sum', async () => {
  const values = fc.array(fc.double({ noNaN: true, min: -1e15, max: 1e15 }), { maxLength: 60 });
  fc.assert(
    fc.property(values, fc.nat(60), (all, cut) => {
      const whole = roundedSum(sumOf(all));
      const merged = sumOf(all.slice(cut).reverse());
      addSum(merged, sumOf(all.slice(0, cut)));
      return Object.is(roundedSum(merged) + 0, whole + 0) && roundedSum(sumOf(all.toReversed())) === whole;
    }),
    { seed: 1, numRuns: 1_000 },
  );
});
