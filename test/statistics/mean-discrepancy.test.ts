import fc from 'fast-check';
import { test } from 'tap';
import { meanDiscrepancy, medianGamma } from '../../src/statistics/mean-discrepancy.ts';
import { agree, close } from '../helpers/agree.ts';

const points = (values: readonly number[]) => values.map(value => [value]);

test('the discrepancy agrees with the reference', async t => {
  agree(t, [['0..3 and 1..4', meanDiscrepancy(points([0, 1, 2, 3]), points([1, 2, 3, 4]), 1), -0.279967263142]]);
  t.ok(meanDiscrepancy(points([0, 0.1, 0.2]), points([9, 9.1, 9.2]), 1) > 1.9, 'far apart it nears 2');
  t.equal(medianGamma(points([0, 1, 3])), 1 / 4);
  t.equal(medianGamma(points([2, 2])), 1, 'equal points have no width');
});

test('it is symmetric and does not care where the origin is', async () => {
  const sample = fc.array(fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -9, max: 9 })), {
    minLength: 2,
    maxLength: 12,
  });
  fc.assert(
    fc.property(sample, sample, fc.integer({ min: -9, max: 9 }), (left, right, by) => {
      const moved = (all: readonly (readonly number[])[]) => all.map(point => point.map(value => value + by));
      const value = meanDiscrepancy(left, right, 0.5);
      const near = (other: number) => close(value, other, 1e-9) || Math.abs(value - other) < 1e-12;
      return near(meanDiscrepancy(right, left, 0.5)) && near(meanDiscrepancy(moved(left), moved(right), 0.5));
    }),
  );
});
