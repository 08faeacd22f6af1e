/**
 * ADWIN (Bifet and Gavaldà 2007): a window over a stream that shrinks when two parts of it differ in their mean. The
 * window is held as an exponential histogram, so memory is logarithmic in its length; plain JSON.
 */
export interface Adwin {
  /** rows[i] holds buckets of 2^i values each, oldest first; the rows' values go from new to old. */
  readonly rows: readonly (readonly AdwinBucket[])[];
  readonly count: number;
  readonly sum: number;
  /** Sum of squared deviations from the window's mean. */
  readonly m2: number;
  /** Values seen, whether still in the window or not. */
  readonly seen: number;
  /** Whether the last value made the window shrink. */
  readonly drifted: boolean;
}

/** Values that are held together. */
export interface AdwinBucket {
  readonly sum: number;
  readonly m2: number;
}

/** How the window is run; defaults as in river. */
export interface AdwinOptions {
  /** Chance of a false alarm at one check. */
  readonly delta: number;
  /** The window is checked once in so many values. */
  readonly everyValues: number;
  /** Buckets of one size before two are joined. */
  readonly bucketsPerRow: number;
  /** Least length of each part compared. */
  readonly leastPart: number;
  /** Values before the first check. */
  readonly leastValues: number;
}

/** river's defaults. */
export const usualAdwin: AdwinOptions = {
  delta: 0.002,
  everyValues: 32,
  bucketsPerRow: 5,
  leastPart: 5,
  leastValues: 10,
};

/** A window of nothing. */
export const noAdwin: Adwin = { rows: [], count: 0, sum: 0, m2: 0, seen: 0, drifted: false };

/** Mean of the window: the current level of the stream. 0 of nothing. */
export function adwinMean(window: Adwin): number {
  return window.count === 0 ? 0 : window.sum / window.count;
}

/**
 * Difference of means from which parts of n0 and n1 values count as different: ε_cut for a window of `width` values
 * of this variance, by the normal bound with its correction.
 */
export function adwinCut(n0: number, n1: number, variance: number, delta: number, width: number = n0 + n1): number {
  const reciprocal = 1 / n0 + 1 / n1;
  const log = Math.log((2 * Math.log(width)) / delta);
  return Math.sqrt(2 * reciprocal * variance * log) + (2 / 3) * reciprocal * log;
}

/** The window after one value more; one that is not finite is passed over, since no sum outlives it. */
export function stepAdwin(before: Adwin, value: number, options: AdwinOptions = usualAdwin): Adwin {
  if (!Number.isFinite(value)) return { ...before, drifted: false };
  const grown = insert(before, value, options.bucketsPerRow);
  if (grown.seen % options.everyValues !== 0 || grown.count <= options.leastValues) return grown;
  let window = grown;
  while (splits(window, options)) window = withoutOldest(window);
  return { ...window, drifted: window.count < grown.count };
}

/** A part of the window: how many values, their sum and squared deviations. */
interface Part {
  readonly count: number;
  readonly sum: number;
  readonly m2: number;
}

function insert(window: Adwin, value: number, bucketsPerRow: number): Adwin {
  const { count, sum, m2 } = joined(window, { count: 1, sum: value, m2: 0 });
  const rows = window.rows.slice();
  let carried: AdwinBucket | undefined = { sum: value, m2: 0 };
  for (let row = 0; carried; row += 1) {
    const buckets: readonly AdwinBucket[] = [...(rows[row] ?? []), carried];
    const [first, second] = buckets;
    carried = undefined;
    if (buckets.length > bucketsPerRow && first && second) {
      carried = joined({ count: 2 ** row, ...first }, { count: 2 ** row, ...second });
      carried = { sum: carried.sum, m2: carried.m2 };
      rows[row] = buckets.slice(2);
    } else rows[row] = buckets;
  }
  return { rows, count, sum, m2, seen: window.seen + 1, drifted: false };
}

/** Whether some cut of the window leaves two parts with different means. */
function splits(window: Adwin, { delta, leastPart }: AdwinOptions): boolean {
  const variance = window.m2 / window.count;
  let [count, sum] = [0, 0];
  for (let row = window.rows.length - 1; row >= 0; row -= 1) {
    for (const bucket of window.rows[row] ?? []) {
      count += 2 ** row;
      sum += bucket.sum;
      const rest = window.count - count;
      if (count < leastPart || rest < leastPart) continue;
      const difference = Math.abs(sum / count - (window.sum - sum) / rest);
      // As MOA and river do: each part counts for so much less, or a handful of values could speak for a part.
      const [n0, n1] = [count - leastPart + 1, rest - leastPart + 1];
      if (difference > adwinCut(n0, n1, variance, delta, window.count)) return true;
    }
  }
  return false;
}

/** The window less its oldest bucket. */
function withoutOldest(window: Adwin): Adwin {
  const row = window.rows.length - 1;
  const [oldest, ...others] = window.rows[row] ?? [];
  if (!oldest) return noAdwin;
  const size = 2 ** row;
  const [count, sum] = [window.count - size, window.sum - oldest.sum];
  const between = oldest.sum / size - sum / count;
  const m2 = Math.max(0, window.m2 - oldest.m2 - (between * between * size * count) / (size + count));
  const rows = others.length > 0 ? window.rows.with(row, others) : window.rows.slice(0, row);
  return { ...window, rows, count, sum, m2 };
}

function joined(left: Part, right: Part): Part {
  const count = left.count + right.count;
  const between = left.count === 0 ? 0 : right.sum / right.count - left.sum / left.count;
  const m2 = left.m2 + right.m2 + (between * between * left.count * right.count) / count;
  return { count, sum: left.sum + right.sum, m2 };
}
