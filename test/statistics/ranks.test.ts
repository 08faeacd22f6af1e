import fc from 'fast-check';
import { test } from 'tap';
import { areaUnderRoc, cliffsDelta, hodgesLehmann, mannWhitney } from '../../src/statistics/ranks.ts';
import { agree } from '../helpers/agree.ts';

const a = [102, 99, 105, 98, 110, 101, 97, 103, 100, 104];
const b = [108, 112, 99, 115, 109, 120, 107, 111, 106, 113];

test('rank tests agree with scipy', async t => {
  const { u, p, less, greater } = mannWhitney(a, b);
  const tied = mannWhitney([1, 2, 2, 3, 4], [2, 3, 3, 5, 6]);
  agree(t, [
    ['U', u, 11.5],
    ['two-sided', p, 0.00405809087763],
    ['less', less, 0.00202904543882],
    ['greater', greater, 0.9984071754600528],
    ['shift', hodgesLehmann(a, b), 8.5],
    ['delta', cliffsDelta(a, b), 0.77],
    ['U with ties', tied.u, 6],
    ['p with ties', tied.p, 0.198828944016],
    ['AUROC', areaUnderRoc([false, false, true, true, false, true], [0.1, 0.4, 0.35, 0.8, 0.2, 0.7]), 8 / 9],
    ['AUROC of ties', areaUnderRoc([true, false], [1, 1]), 0.5],
  ]);
  t.same(mannWhitney([1, 1], [1, 1, 1]), { u: 3, p: 1, less: 1, greater: 1 }, 'all tied');
});

const sample = fc.array(fc.integer({ min: 0, max: 15 }), { minLength: 1, maxLength: 30 });

test('swapping the samples swaps the sides', async () => {
  fc.assert(
    fc.property(sample, sample, (left, right) => {
      const [one, other] = [mannWhitney(left, right), mannWhitney(right, left)];
      const sides = Math.abs(one.less - other.greater) < 1e-12 && Math.abs(one.p - other.p) < 1e-12;
      const bounded = [one.p, one.less, one.greater].every(p => p > 0 && p <= 1);
      const shift = Math.abs(hodgesLehmann(left, right) + hodgesLehmann(right, left)) < 1e-12;
      const delta = cliffsDelta(left, right);
      const even = Math.abs(delta + cliffsDelta(right, left)) < 1e-12 && Math.abs(delta) <= 1;
      return sides && bounded && shift && even && one.u + other.u === left.length * right.length;
    }),
  );
});
