/** Two-sample Kolmogorov-Smirnov result: `distance` is the greatest difference of the two distribution functions. */
export interface KolmogorovSmirnov {
  readonly distance: number;
  /** Two-sided chance of a distance at least as great when both come from one distribution. */
  readonly p: number;
}

/** Up to so many pairs of observations the exact law is used: about five milliseconds' work. */
const exactPairs = 1_000_000;

/**
 * Two-sample Kolmogorov-Smirnov test over two sorted samples, neither empty. Exact up to a million pairs, else by the
 * limit law. With ties the p-value is an upper bound.
 */
export function kolmogorovSmirnov(left: readonly number[], right: readonly number[]): KolmogorovSmirnov {
  const distance = sampleDistance(left, right);
  return { distance, p: distanceTail(distance, left.length, right.length) };
}

/**
 * The same over counts in common bins, in the order of the values. Binning can only shrink the distance, so the
 * p-value is an upper bound: what is lost is at most what the fullest bin holds of either side. A side without counts
 * has nothing to say (distance 0, p = 1).
 */
export function kolmogorovSmirnovOfCounts(left: readonly number[], right: readonly number[]): KolmogorovSmirnov {
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
  const [n, m] = [sum(left), sum(right)];
  let [below, other, distance] = [0, 0, 0];
  if (n === 0 || m === 0) return { distance, p: 1 };
  for (let bin = 0; bin < left.length; bin += 1) {
    below += left[bin] ?? 0;
    other += right[bin] ?? 0;
    distance = Math.max(distance, Math.abs(below / n - other / m));
  }
  return { distance, p: distanceTail(distance, n, m) };
}

/** Greatest difference of the empirical distribution functions of two sorted samples. */
function sampleDistance(left: readonly number[], right: readonly number[]): number {
  let [i, j, distance] = [0, 0, 0];
  while (i < left.length && j < right.length) {
    const value = Math.min(left[i] ?? 0, right[j] ?? 0);
    if (Number.isNaN(value)) return value; // it is in no order, and no step would pass it
    while (i < left.length && left[i] === value) i += 1;
    while (j < right.length && right[j] === value) j += 1;
    distance = Math.max(distance, Math.abs(i / left.length - j / right.length));
  }
  return distance;
}

/** Chance of a two-sample distance of at least `distance` under one continuous distribution. */
export function distanceTail(distance: number, n: number, m: number): number {
  if (Number.isNaN(distance)) return distance;
  return n * m <= exactPairs
    ? exactDistanceTail(distance, n, m)
    : kolmogorovTail(distance * Math.sqrt(n * (m / (n + m))));
}

/**
 * The exact law: of all equally likely orders of n and m observations (lattice paths from (0, 0) to (n, m)), the share
 * that somewhere reaches the distance (Hodges 1957). Run as probabilities of "was outside on the way to (i, j)", so
 * that small tails keep their digits.
 */
export function exactDistanceTail(distance: number, n: number, m: number): number {
  if (distance <= 0) return 1;
  const bound = distance * n * m * (1 - 1e-12) - 1e-9;
  const outside = new Float64Array(m + 1);
  for (let j = 1; j <= m; j += 1) outside[j] = j * n >= bound ? 1 : (outside[j - 1] as number);
  for (let i = 1; i <= n; i += 1) {
    if (i * m >= bound) outside[0] = 1;
    for (let j = 1; j <= m; j += 1) {
      outside[j] =
        Math.abs(i * m - j * n) >= bound ? 1 : (i * (outside[j] as number) + j * (outside[j - 1] as number)) / (i + j);
    }
  }
  return Math.min(1, outside[m] as number);
}

/**
 * Tail of Kolmogorov's limit law, P(√n · D > x): the alternating series, and for small x its theta-function twin,
 * where the first would need many terms.
 */
export function kolmogorovTail(x: number): number {
  if (x <= 0.04) return 1;
  let sum = 0;
  if (x < 1) {
    for (let k = 1; k <= 20; k += 1) sum += Math.exp(-((2 * k - 1) ** 2 * Math.PI ** 2) / (8 * x * x));
    return 1 - (Math.sqrt(2 * Math.PI) / x) * sum;
  }
  for (let k = 1; k <= 20; k += 1) sum += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * k * k * x * x);
  return Math.max(0, sum);
}
