/**
 * Distances between two distributions over the same bins. All take probability arrays of equal length that each sum to
 * 1 (`sharesOf` makes them from counts; nothing here divides by a sum); logarithms are natural unless a base is given. A bin that is empty on both
 * sides counts nothing. Arrays of different lengths throw RangeError.
 */

/** What stands in for an empty bin, where an empty bin would make the stability index infinite. */
export type ZeroRule =
  /** A share that replaces a zero share; the others stay as they are (Evidently's rule, there 0.0001). */
  | { readonly replaceBy: number }
  /** A count added to every bin before the shares are taken (Laplace smoothing, usually 0.5). */
  | { readonly addCount: number };

/** The usual replacement of a zero share. */
export const zeroShare = 1e-4;

/** Counts as shares of their sum; all zero when nothing was counted. `addCount` is added to each bin first. */
export function sharesOf(counts: readonly number[], addCount = 0): number[] {
  const total = counts.reduce((sum, count) => sum + count + addCount, 0);
  return counts.map(count => (total === 0 ? 0 : (count + addCount) / total));
}

/**
 * Population stability index: Σ (actual − expected) · ln(actual / expected), symmetric, from 0 up. Zero shares on
 * either side are replaced by `replaceBy`, without renormalising.
 */
export function populationStability(
  expected: readonly number[],
  actual: readonly number[],
  replaceBy: number = zeroShare,
): number {
  return sumOver(expected, actual, (e, a) => {
    if (e === 0 && a === 0) return 0;
    const [from, to] = [e === 0 ? replaceBy : e, a === 0 ? replaceBy : a];
    return (to - from) * Math.log(to / from);
  });
}

/** Population stability index of two count vectors, empty bins treated by the rule given. */
export function populationStabilityOfCounts(
  expected: readonly number[],
  actual: readonly number[],
  rule: ZeroRule = { replaceBy: zeroShare },
): number {
  return 'replaceBy' in rule
    ? populationStability(sharesOf(expected), sharesOf(actual), rule.replaceBy)
    : populationStability(sharesOf(expected, rule.addCount), sharesOf(actual, rule.addCount));
}

/** Kullback-Leibler divergence KL(p ‖ q) in nats, not symmetric; infinite where q is 0 and p is not. */
export function kullbackLeibler(p: readonly number[], q: readonly number[]): number {
  return Math.max(
    0,
    sumOver(p, q, (left, right) => (left === 0 ? 0 : left * Math.log(left / right))),
  );
}

/** Jensen-Shannon divergence: within 0 … ln 2 in nats, 0 … 1 with base 2. Empty bins need no rule. */
export function jensenShannonDivergence(p: readonly number[], q: readonly number[], base: number = Math.E): number {
  const middle = p.map((left, index) => (left + (q[index] ?? 0)) / 2);
  return Math.min(Math.LN2, (kullbackLeibler(p, middle) + kullbackLeibler(q, middle)) / 2) / Math.log(base);
}

/** Jensen-Shannon distance, the root of the divergence: a metric (Endres and Schindelin 2003). */
export function jensenShannonDistance(p: readonly number[], q: readonly number[], base: number = Math.E): number {
  return Math.sqrt(jensenShannonDivergence(p, q, base));
}

/** Hellinger distance, within 0 … 1. */
export function hellingerDistance(p: readonly number[], q: readonly number[]): number {
  return Math.sqrt(sumOver(p, q, (left, right) => (Math.sqrt(left) - Math.sqrt(right)) ** 2) / 2);
}

/** Greatest difference of a single bin (L-infinity), within 0 … 1. */
export function largestDifference(p: readonly number[], q: readonly number[]): number {
  sameBins(p, q);
  return p.reduce((most, left, index) => Math.max(most, Math.abs(left - (q[index] ?? 0))), 0);
}

/** Total variation distance: half the sum of differences, within 0 … 1. */
export function totalVariation(p: readonly number[], q: readonly number[]): number {
  return sumOver(p, q, (left, right) => Math.abs(left - right)) / 2;
}

/** Sum of a term over the bins. */
function sumOver(p: readonly number[], q: readonly number[], term: (left: number, right: number) => number): number {
  sameBins(p, q);
  return p.reduce((sum, left, index) => sum + term(left, q[index] ?? 0), 0);
}

function sameBins(p: readonly number[], q: readonly number[]): void {
  if (p.length !== q.length) throw new RangeError(`${p.length} bins cannot be compared with ${q.length}`);
}
