import fc from 'fast-check';
import { test } from 'tap';
import { deviationOf, momentsOf } from '../../src/statistics/moments.ts';
import {
  normedDistance,
  wasserstein,
  wassersteinOfCounts,
  weightedWasserstein,
} from '../../src/statistics/wasserstein.ts';
import { agree } from '../helpers/agree.ts';

const upTo = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);

test('Wasserstein distances agree with scipy', async t => {
  const deviation = deviationOf(momentsOf(upTo(1, 10)), 0);
  agree(t, [
    ['1..10 and 3..12', wasserstein(upTo(1, 10), upTo(3, 12)), 2],
    ['deviation', deviation, 2.87228132327],
    ['normed', normedDistance(wasserstein(upTo(1, 10), upTo(3, 12)), deviation), 0.696310623823],
    ['three values', wasserstein([0, 1, 3], [5, 6, 8]), 5],
    ['weighted', weightedWasserstein([0, 1], [3, 1], [0, 1], [2, 2]), 0.25],
    ['constant reference', normedDistance(0.5, 0), 500],
  ]);
});

test('a histogram moved by one bin is that far away', async t => {
  agree(t, [
    ['one bin of two', wassersteinOfCounts([0, 2, 4, 6], [0, 5, 0, 0, 0], [0, 0, 9, 0, 0]), 2],
    ['even within the bin', wassersteinOfCounts([0, 4], [0, 8, 0], [8, 0, 0]), 2],
    ['crossing within a bin', wassersteinOfCounts([0, 4], [1, 0, 1], [0, 2, 0]), 1],
    ['open ends on the edges', wassersteinOfCounts([0, 4], [7, 0, 0], [0, 0, 7]), 4],
  ]);
});

const sample = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 30 });

test('it is symmetric, moves with a shift, and obeys the triangle', async () => {
  fc.assert(
    fc.property(sample, sample, sample, fc.integer({ min: 0, max: 30 }), (a, b, c, shift) => {
      const moved = wasserstein(
        a,
        a.map(value => value + shift),
      );
      const symmetric = Math.abs(wasserstein(a, b) - wasserstein(b, a)) < 1e-9;
      return (
        symmetric && Math.abs(moved - shift) < 1e-9 && wasserstein(a, c) <= wasserstein(a, b) + wasserstein(b, c) + 1e-9
      );
    }),
  );
});
