import { mixtureBoundary } from './mean-difference.ts';
import type { RateTable } from './rate-test.ts';

/**
 * Differences of error rates, canary's less stable's, summed over strata in which chance alone parted the calls (a region
 * in one interval, say); plain JSON, continued by the next look. As rates are compared within a stratum only, they may be
 * anything in the next one.
 */
export interface RateDifference {
  /** Sum of the strata's weights, each half the harmonic mean of both counts: nothing where a version has no calls. */
  readonly weight: number;
  /** Weighted sums of both versions' error rates. */
  readonly canary: number;
  readonly stable: number;
  /** What the variances of one call of each version are multiplied by: Σ weight² / calls. */
  readonly perCanary: number;
  readonly perStable: number;
}

/** Of no calls. */
export const noRateDifference: RateDifference = { weight: 0, canary: 0, stable: 0, perCanary: 0, perStable: 0 };

/** With the calls of one stratum more, each counted once. */
export function addRates(sum: RateDifference, { canary, stable }: RateTable): RateDifference {
  if (canary.calls === 0 || stable.calls === 0) return sum;
  const weight = (canary.calls * stable.calls) / (canary.calls + stable.calls);
  return {
    weight: sum.weight + weight,
    canary: sum.canary + (weight * canary.errors) / canary.calls,
    stable: sum.stable + (weight * stable.errors) / stable.calls,
    perCanary: sum.perCanary + (weight * weight) / canary.calls,
    perStable: sum.perStable + (weight * weight) / stable.calls,
  };
}

/** How a bound is asked for. */
export interface RateBoundOptions {
  /** What the difference is to be shown to stay below, as a share. */
  readonly margin: number;
  /** Chance that the bound ever falls to the margin though the difference is no less. */
  readonly alpha: number;
  /** How many times more the sums vary than those of independent calls would; 1 for such. */
  readonly designEffect: number;
}

/** Standard errors at which the bound is tightest: about so many are needed to tell "the same" from the margin. */
const deviations = 2.8;

/**
 * Upper bound of the canary's error rate less stable's, to be compared with the margin at any look: the one-sided normal
 * mixture boundary, as for means, in the clock of the variance that the sum has when the canary is worse by the margin
 * (as in the score test of Farrington and Manning 1990, "Test statistics and sample size formulae for comparative
 * binomial trials with null hypothesis of non-zero risk difference or non-unity relative risk"). So few errors make no
 * bound too tight: without any, the canary's variance is the margin's. Rates that move between strata have less variance
 * than their mean, which is taken. Infinite while nothing was compared.
 */
export function rateDifferenceBound(sum: RateDifference, options: RateBoundOptions): number {
  const { margin, alpha, designEffect } = options;
  const { weight, canary, stable, perCanary, perStable } = sum;
  if (weight === 0) return Number.POSITIVE_INFINITY;
  const usual = stable / weight;
  const worse = Math.min(1, usual + margin);
  const time = designEffect * (perCanary * variance(worse) + perStable * variance(usual));
  const estimate = (canary - stable) / weight;
  if (time === 0) return estimate;
  const tightestAt = ((deviations * time) / weight / margin) ** 2;
  return estimate + mixtureBoundary(time, { alpha, tightestAt, sides: 'one' }) / weight;
}

function variance(rate: number): number {
  return rate * (1 - rate);
}
