import fc from 'fast-check';
import { test } from 'tap';
import { deviationOf, mergeMoments, momentsOf, noMoments, varianceOf } from '../../src/statistics/moments.ts';
import { close } from '../helpers/agree.ts';

const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { maxLength: 40 });

test('moments are those of the textbook', async t => {
  const moments = momentsOf([2, 4, 4, 4, 5, 5, 7, 9]);
  t.match(moments, { count: 8, mean: 5, min: 2, max: 9 });
  t.equal(deviationOf(moments, 0), 2);
  t.ok(close(varianceOf(moments, 1), 32 / 7));
  t.equal(varianceOf(momentsOf([3]), 1), 0, 'one value has no spread to estimate');
  t.same(JSON.parse(JSON.stringify(noMoments)), noMoments, 'nothing, too, survives JSON');
});

test('merging is counting both, in any grouping', async () => {
  const near = (left: number, right: number, scale: number) => Math.abs(left - right) <= 1e-9 * (1 + scale);
  fc.assert(
    fc.property(values, values, values, (a, b, c) => {
      const all = momentsOf([...a, ...b, ...c]);
      const [x, y, z] = [momentsOf(a), momentsOf(b), momentsOf(c)];
      return [mergeMoments(mergeMoments(x, y), z), mergeMoments(z, mergeMoments(y, x))].every(
        merged =>
          merged.count === all.count &&
          merged.min === all.min &&
          merged.max === all.max &&
          near(merged.mean, all.mean, 1e6) &&
          near(merged.m2, all.m2, 1e12 * all.count),
      );
    }),
  );
});

test('a great offset does not drown a small spread', async t => {
  t.ok(close(varianceOf(momentsOf([1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16]), 1), 30));
});
