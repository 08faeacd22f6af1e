/** Count, mean and spread of a stream of numbers; plain JSON. `m2` is the sum of squared deviations from the mean. */
export interface Moments {
  readonly count: number;
  readonly mean: number;
  readonly m2: number;
  /** null while nothing was counted: JSON knows no infinity. */
  readonly min: number | null;
  readonly max: number | null;
}

/** Moments of nothing: the neutral element of `mergeMoments`. */
export const noMoments: Moments = { count: 0, mean: 0, m2: 0, min: null, max: null };

/** Moments with one finite value more (Welford 1962). */
export function addToMoments(moments: Moments, value: number): Moments {
  const count = moments.count + 1;
  const mean = moments.mean + (value - moments.mean) / count;
  return {
    count,
    mean,
    m2: moments.m2 + (value - moments.mean) * (value - mean),
    min: Math.min(moments.min ?? value, value),
    max: Math.max(moments.max ?? value, value),
  };
}

/** Moments of some finite values. */
export function momentsOf(values: Iterable<number>): Moments {
  let moments = noMoments;
  for (const value of values) moments = addToMoments(moments, value);
  return moments;
}

/** Moments of the union of two streams: the same, up to rounding, as counting both (Chan, Golub and LeVeque 1979). */
export function mergeMoments(left: Moments, right: Moments): Moments {
  if (left.count === 0) return right;
  if (right.count === 0) return left;
  const count = left.count + right.count;
  const between = right.mean - left.mean;
  return {
    count,
    mean: (left.count * left.mean + right.count * right.mean) / count,
    m2: left.m2 + right.m2 + (between * between * left.count * right.count) / count,
    min: Math.min(left.min ?? 0, right.min ?? 0),
    max: Math.max(left.max ?? 0, right.max ?? 0),
  };
}

/** Variance: `ddof` 0 of these values, 1 as an estimate of what they were drawn from. 0 when there are too few. */
export function varianceOf(moments: Moments, ddof: 0 | 1): number {
  return moments.count > ddof ? Math.max(0, moments.m2 / (moments.count - ddof)) : 0;
}

/** Standard deviation, the root of the variance. */
export function deviationOf(moments: Moments, ddof: 0 | 1): number {
  return Math.sqrt(varianceOf(moments, ddof));
}
