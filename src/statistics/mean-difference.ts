import { type Moments, varianceOf } from './moments.ts';

/** Bounds of a difference, in the unit of the values; infinite while nothing can be said. */
export interface DifferenceBounds {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/** How a confidence sequence of a mean difference is set up; fixed before the first look. */
export interface MeanDifferenceOptions {
  /** Chance that the bounds ever miss the true difference. */
  readonly alpha: number;
  /** Standard error of the difference at which the bounds are tightest; a third of the margin to be shown is good. */
  readonly tightestAt: number;
  /** `both`: low and high hold together; `one`: either alone holds with alpha, and is tighter. */
  readonly sides: 'both' | 'one';
  /** Least standard deviation assumed of each version's values: guards against samples that do not vary. */
  readonly leastDeviation: number;
}

/**
 * Asymptotic confidence sequence of mean(canary) − mean(stable), valid at every look once the samples are large enough
 * for the central limit theorem (some dozens of calls each). For costs and for accuracies, whose values are
 * independent given the version and whose means do not move. The normal mixture boundaries, two- and one-sided, of
 * Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2024, "Time-uniform central limit theory and asymptotic confidence
 * sequences", in the clock in which the difference of two means over its variance is a Brownian motion: one over the
 * squared standard error, whatever the allocation between the versions.
 */
export function meanDifference(canary: Moments, stable: Moments, options: MeanDifferenceOptions): DifferenceBounds {
  const estimate = canary.mean - stable.mean;
  const variance = [canary, stable]
    .map(arm => Math.max(varianceOf(arm, 1), options.leastDeviation ** 2) / arm.count)
    .reduce((sum, each) => sum + each, 0);
  if (Math.min(canary.count, stable.count) < 2 || !(variance > 0)) return { estimate, low: -Infinity, high: Infinity };
  const half = variance * mixtureBoundary(1 / variance, options);
  return { estimate, low: estimate - half, high: estimate + half };
}

/** Height a Brownian motion passes at any time with chance alpha at most (Robbins' normal mixture). */
function mixtureBoundary(time: number, { alpha, tightestAt, sides }: MeanDifferenceOptions): number {
  const level = sides === 'both' ? alpha : 2 * alpha;
  const penalty = -2 * Math.log(level);
  const scale = 1 / (tightestAt ** 2 * (penalty + Math.log(Math.max(1, penalty)) + 1));
  const root = Math.sqrt((time + scale) / scale);
  const log = sides === 'both' ? Math.log(root / alpha) : Math.log1p(root / (2 * alpha));
  return Math.sqrt(2 * (time + scale) * log);
}
