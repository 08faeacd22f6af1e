import fc from 'fast-check';
import { test } from 'tap';
import { evenEdges, logEdges, quantileEdges, sampleQuantile, sturgesBins } from '../../src/statistics/edges.ts';
import {
  addToHistogram,
  allBins,
  emptyHistogram,
  histogramOf,
  histogramQuantile,
  mergeHistograms,
  numbersIn,
} from '../../src/statistics/fixed-histogram.ts';

const value = fc.oneof(
  fc.double(),
  fc.integer({ min: -5, max: 15 }),
  fc.constantFrom(null, undefined, 'text', Number.NaN, Infinity, true, {}),
);
const values = fc.array(value, { maxLength: 40 });
const edges = [-1, 0, 2.5, 10];

test('a value lies in the bin whose lower edge it reaches', async t => {
  const histogram = histogramOf(edges, [-2, -1, -0.5, 0, 2.4, 2.5, 9, 10, 11, null, undefined, 'x', Number.NaN]);
  t.same(histogram, { edges, counts: [1, 2, 2, 2, 2], missing: 2, nonNumeric: 2 });
  t.same(allBins(histogram), [1, 2, 2, 2, 2, 2, 2]);
  t.equal(numbersIn(histogram), 9);
});

test('a merged histogram is the histogram of the union, also after JSON', async () => {
  fc.assert(
    fc.property(values, values, values, (a, b, c) => {
      const [x, y, z] = [a, b, c].map(each => histogramOf(edges, each)) as [
        ReturnType<typeof histogramOf>,
        ReturnType<typeof histogramOf>,
        ReturnType<typeof histogramOf>,
      ];
      const union = JSON.stringify(histogramOf(edges, [...a, ...b, ...c]));
      const wired = JSON.parse(JSON.stringify(x)) as typeof x;
      const one = [...a, ...b, ...c].reduce(addToHistogram, emptyHistogram(edges));
      return [mergeHistograms(mergeHistograms(wired, y), z), mergeHistograms(z, mergeHistograms(y, x)), one].every(
        merged => JSON.stringify(merged) === union,
      );
    }),
  );
});

test('edges must ascend, and only equal edges add up', async t => {
  for (const wrong of [[], [1, 1], [2, 1], [Number.NaN], [0, Infinity]])
    t.throws(() => emptyHistogram(wrong), RangeError);
  t.throws(() => mergeHistograms(emptyHistogram([1]), emptyHistogram([2])), RangeError);
  t.throws(() => mergeHistograms(emptyHistogram([1]), emptyHistogram([1, 2])), RangeError);
});

test('a quantile of a histogram is right within a bin', async t => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 1, max: 999, noNaN: true }), { minLength: 1, maxLength: 60 }),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      (sample, q) => {
        const cuts = logEdges(1, 1000, 10);
        const sorted = sample.sort((a, b) => a - b);
        const exact = sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
        const got = histogramQuantile(histogramOf(cuts, sample), q);
        return got >= exact / 10 ** 0.1001 && got <= exact * 10 ** 0.1001;
      },
    ),
  );
  t.equal(histogramQuantile(histogramOf([0, 10], [1, 2, 3, 4]), 0.5), 5, 'linear within the bin');
  t.equal(histogramQuantile(histogramOf([0, 10], [99]), 0.5), 10, 'an open end gives its edge');
  t.ok(Number.isNaN(histogramQuantile(emptyHistogram([1]), 0.5)));
});

test('edges of each kind', async t => {
  t.same(evenEdges(0, 1, 4), [0, 0.25, 0.5, 0.75, 1]);
  t.same(quantileEdges([1, 2, 3, 4, 5], 4), [2, 3, 4]);
  t.same(quantileEdges([7, 7, 7], 10), [7], 'a constant has one edge');
  t.equal(logEdges(1, 1000, 3).length, 10);
  t.equal(sturgesBins(1000), 11);
  t.equal(sampleQuantile([1, 2, 3, 4], 0.5), 2.5);
});
