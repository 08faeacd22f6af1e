import { normalTail } from './special.ts';

/** Mann-Whitney's U of the first sample, with p-values for the three alternatives. */
export interface MannWhitney {
  /** Pairs in which the first sample's value is greater, ties counted half. */
  readonly u: number;
  readonly p: number;
  /** The first sample is stochastically less than the second. */
  readonly less: number;
  /** The first sample is stochastically greater than the second. */
  readonly greater: number;
}

/**
 * Mann-Whitney U test by the normal limit, with tie and continuity correction. Nothing to tell apart, as when a sample is
 * empty or all values are one, is p = 1; so is a NaN among the values, with a `u` of NaN.
 */
export function mannWhitney(left: readonly number[], right: readonly number[]): MannWhitney {
  const [n, m] = [left.length, right.length];
  const { u, ties } = pairsWon(left, right);
  const total = n + m;
  const variance = ((n * m) / 12) * (total + 1 - ties / (total * (total - 1)));
  if (!(variance > 0) || Number.isNaN(u)) return { u, p: 1, less: 1, greater: 1 };
  const tail = (wins: number) => normalTail((wins - (n * m) / 2 - 0.5) / Math.sqrt(variance));
  const [greater, less] = [tail(u), tail(n * m - u)];
  return { u, p: Math.min(1, 2 * Math.min(greater, less)), less, greater };
}

/** Cliff's delta: P(right > left) − P(right < left), within −1 … 1; positive when the second sample is greater. */
export function cliffsDelta(left: readonly number[], right: readonly number[]): number {
  return 1 - (2 * pairsWon(left, right).u) / (left.length * right.length);
}

/** Hodges-Lehmann shift from `left` to `right`: the median of all pairwise differences. O(n·m · log), for small samples. */
export function hodgesLehmann(left: readonly number[], right: readonly number[]): number {
  const differences = new Float64Array(left.length * right.length);
  let at = 0;
  for (const a of left) {
    for (const b of right) {
      differences[at] = b - a;
      at += 1;
    }
  }
  differences.sort();
  const middle = differences.length / 2;
  const [low, high] = [differences[Math.ceil(middle) - 1], differences[Math.floor(middle)]];
  return ((low as number) + (high as number)) / 2;
}

/**
 * Area under the receiver operating characteristic: the chance that a positive scores above a negative, ties half.
 * NaN when one class is missing.
 */
export function areaUnderRoc(labels: readonly boolean[], scores: readonly number[]): number {
  const positives = scores.filter((_, index) => labels[index]);
  const negatives = scores.filter((_, index) => !labels[index]);
  return pairsWon(positives, negatives).u / (positives.length * negatives.length);
}

/** Pairs the first sample wins (ties half), and Σ (t³ − t) over the tied groups of both together. */
function pairsWon(left: readonly number[], right: readonly number[]): { u: number; ties: number } {
  const all = [...left.map(value => ({ value, mine: true })), ...right.map(value => ({ value, mine: false }))];
  if (all.some(({ value }) => Number.isNaN(value))) return { u: Number.NaN, ties: 0 }; // it has no rank
  all.sort((a, b) => (a.value < b.value ? -1 : Number(a.value > b.value)));
  let [u, ties, othersBelow] = [0, 0, 0];
  for (let from = 0; from < all.length; ) {
    let [to, mine] = [from, 0];
    for (; to < all.length && all[to]?.value === all[from]?.value; to += 1) mine += all[to]?.mine ? 1 : 0;
    const size = to - from;
    u += mine * (othersBelow + (size - mine) / 2);
    othersBelow += size - mine;
    ties += size ** 3 - size;
    from = to;
  }
  return { u, ties };
}
