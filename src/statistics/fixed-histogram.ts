/**
 * Counts of numbers between edges that never move, so that histograms of replicas, regions and windows add up exactly;
 * plain JSON. A value lies in the bin whose lower edge it reaches: `counts[i]` holds edges[i − 1] ≤ x < edges[i], the
 * first count all below the first edge, the last all from the last edge up.
 */
export interface FixedHistogram {
  /** Strictly ascending, at least one. */
  readonly edges: readonly number[];
  /** One more than edges. */
  readonly counts: readonly number[];
  /** Values that were absent: null or undefined. */
  readonly missing: number;
  /** Values that were there and no finite number. */
  readonly nonNumeric: number;
}

/** An empty histogram. Throws RangeError unless the edges are finite and strictly ascending, at least one. */
export function emptyHistogram(edges: readonly number[]): FixedHistogram {
  if (edges.length === 0 || !edges.every((edge, at) => Number.isFinite(edge) && edge > (edges[at - 1] ?? -Infinity)))
    throw new RangeError('the edges of a histogram are finite and ascend');
  return { edges, counts: new Array<number>(edges.length + 1).fill(0), missing: 0, nonNumeric: 0 };
}

/** The histogram with one value more, whatever it is. */
export function addToHistogram(histogram: FixedHistogram, value: unknown): FixedHistogram {
  if (value === null || value === undefined) return { ...histogram, missing: histogram.missing + 1 };
  if (typeof value !== 'number' || !Number.isFinite(value))
    return { ...histogram, nonNumeric: histogram.nonNumeric + 1 };
  const bin = binOf(histogram.edges, value);
  return { ...histogram, counts: histogram.counts.with(bin, (histogram.counts[bin] ?? 0) + 1) };
}

/** Histogram of some values: one pass, one copy. */
export function histogramOf(edges: readonly number[], values: Iterable<unknown>): FixedHistogram {
  const empty = emptyHistogram(edges);
  const counts = empty.counts.slice();
  let [missing, nonNumeric] = [0, 0];
  for (const value of values) {
    if (value === null || value === undefined) missing += 1;
    else if (typeof value !== 'number' || !Number.isFinite(value)) nonNumeric += 1;
    else {
      const bin = binOf(edges, value);
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
  }
  return { edges, counts, missing, nonNumeric };
}

/** Index of the count a finite value belongs to: how many edges it has reached (binary search). */
export function binOf(edges: readonly number[], value: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((edges[middle] ?? 0) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Sum of two histograms. Throws RangeError when their edges differ. */
export function mergeHistograms(left: FixedHistogram, right: FixedHistogram): FixedHistogram {
  if (left.edges.length !== right.edges.length || left.edges.some((edge, at) => edge !== right.edges[at]))
    throw new RangeError('histograms with different edges do not add up');
  return {
    edges: left.edges,
    counts: left.counts.map((count, bin) => count + (right.counts[bin] ?? 0)),
    missing: left.missing + right.missing,
    nonNumeric: left.nonNumeric + right.nonNumeric,
  };
}

/** All bins as one count vector for a distance: the numbers, then missing, then non-numeric. */
export function allBins(histogram: FixedHistogram): number[] {
  return [...histogram.counts, histogram.missing, histogram.nonNumeric];
}

/** How many finite numbers were counted. */
export function numbersIn(histogram: FixedHistogram): number {
  return histogram.counts.reduce((sum, count) => sum + count, 0);
}

/**
 * Quantile 0 ≤ q ≤ 1 of the numbers, linear within its bin; the open ends give their edge. NaN when empty. The error
 * is at most the width of the bin.
 */
export function histogramQuantile(histogram: FixedHistogram, q: number): number {
  const { edges, counts } = histogram;
  const total = numbersIn(histogram);
  if (total === 0) return Number.NaN;
  let below = 0;
  for (let bin = 0; bin < counts.length; bin += 1) {
    const count = counts[bin] ?? 0;
    if (count > 0 && below + count >= q * total) {
      const [low, high] = [edges[bin - 1] ?? edges[0] ?? 0, edges[bin] ?? edges.at(-1) ?? 0];
      return low + (high - low) * Math.max(0, (q * total - below) / count);
    }
    below += count;
  }
  return edges.at(-1) ?? Number.NaN;
}
