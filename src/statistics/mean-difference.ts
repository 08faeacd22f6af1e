import { type Moments, noMoments } from './moments.ts';

/** Bounds of a difference, in the unit of the values; infinite while nothing can be said. */
export interface DifferenceBounds {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/** Values of both versions in which chance alone decided which version got which call: one region, one share, one while. */
export interface MeanStratum {
  readonly canary: Moments;
  readonly stable: Moments;
}

/**
 * Differences of means summed over strata; plain JSON, continued by the next look. Means are compared within a stratum
 * only: they may be anything in the next one, and each version may have any part of its calls.
 */
export interface MeanDifference {
  /** Sum of the strata's weights, each half the harmonic mean of both counts: nothing where a version has no values. */
  readonly weight: number;
  /** Weighted sums of both versions' means: over `weight`, means of the same regions and minutes. */
  readonly canary: number;
  readonly stable: number;
  /** Of the weighted sum of differences. */
  readonly variance: number;
}

/** Of no values. */
export const noMeanDifference: MeanDifference = { weight: 0, canary: 0, stable: 0, variance: 0 };

/** With the values of one stratum more, each counted once. */
export function addStratum(sum: MeanDifference, { canary, stable }: MeanStratum): MeanDifference {
  const count = canary.count + stable.count;
  if (canary.count === 0 || stable.count === 0) return sum;
  const weight = (canary.count * stable.count) / count;
  const middle = (canary.count * canary.mean + stable.count * stable.mean) / count;
  // About the common mean, for versions of one value too; over count − 1 as that mean is theirs (permutation variance).
  const variances = [canary, stable].map(
    arm => ((arm.m2 / arm.count + (arm.mean - middle) ** 2) * count) / (count - 1) / arm.count,
  );
  return {
    weight: sum.weight + weight,
    canary: sum.canary + weight * canary.mean,
    stable: sum.stable + weight * stable.mean,
    variance: sum.variance + weight * weight * variances.reduce((total, each) => total + each, 0),
  };
}

/** How a confidence sequence of a mean difference is set up; fixed before it is relied on. */
export interface MeanDifferenceOptions {
  /** Chance that the bounds ever miss the true difference. */
  readonly alpha: number;
  /** Variance of the sum at which the bounds are tightest, see `tightestVariance`. */
  readonly tightestAt: number;
  /** `both`: low and high hold together; `one`: either alone holds with alpha, and is tighter. */
  readonly sides: 'both' | 'one';
}

/** Variance of the sum when the difference's standard error is `error`; undefined while no value differs from another. */
export function tightestVariance({ weight, variance }: MeanDifference, error: number): number | undefined {
  const perWeight = variance / weight;
  return perWeight > 0 && error > 0 ? (perWeight / error) ** 2 : undefined;
}

/**
 * Asymptotic confidence sequence of the weighted mean of mean(canary) − mean(stable) over the strata, valid at every
 * look once they hold enough values for the central limit theorem (some dozens of each version). The sum of differences
 * is a martingale about its true value whatever the means do from stratum to stratum, so no drift that both versions
 * share, and no change of the canary's share, is taken for a difference; pooled means would show one (Simpson's
 * paradox). The normal mixture boundaries, two- and one-sided, of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2024,
 * "Time-uniform central limit theory and asymptotic confidence sequences" (their Lyapunov form, for means that move),
 * in the clock of the estimated variance.
 */
export function meanDifference(sum: MeanDifference, options: MeanDifferenceOptions): DifferenceBounds {
  const { weight, canary, stable, variance } = sum;
  if (!(weight > 0 && variance > 0)) return { estimate: Number.NaN, low: -Infinity, high: Infinity };
  const estimate = (canary - stable) / weight;
  const half = mixtureBoundary(variance, options) / weight;
  return { estimate, low: estimate - half, high: estimate + half };
}

/** Height a Brownian motion passes at any time with chance alpha at most (Robbins' normal mixture). */
export function mixtureBoundary(time: number, { alpha, tightestAt, sides }: MeanDifferenceOptions): number {
  const level = sides === 'both' ? alpha : 2 * alpha;
  const penalty = -2 * Math.log(level);
  const scale = tightestAt / (penalty + Math.log(Math.max(1, penalty)) + 1);
  const root = Math.sqrt((time + scale) / scale);
  const log = sides === 'both' ? Math.log(root / alpha) : Math.log1p(root / (2 * alpha));
  return Math.sqrt(2 * (time + scale) * log);
}

/** The moments of the values times a factor. */
export function scaleMoments({ count, mean, m2, min, max }: Moments, factor: number): Moments {
  if (count === 0) return noMoments;
  const scaled = (value: number | null) => (value === null ? null : value * factor);
  return { count, mean: mean * factor, m2: m2 * factor * factor, min: scaled(min), max: scaled(max) };
}
