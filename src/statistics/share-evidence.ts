import { lnBeta } from './special.ts';

/** How firmly the alternative clings to the expected share: as if so many calls had been seen before. */
const usualStrength = 100;

/**
 * ln of the e-value against "each of these falls to the canary with chance `share`": a Beta(strength · share,
 * strength · (1 − share)) mixture of binomial likelihoods over the binomial at `share`. As counts grow under one share
 * it is an e-process: it may be looked at any time. (Lindon and Malek 2020, "Anytime-valid inference for multinomial
 * count data".) Counts of errors test equal error rates, given that the share of calls is `share`.
 */
export function logShareEvidence(canary: number, stable: number, share: number, strength = usualStrength): number {
  const [a, b] = [strength * share, strength * (1 - share)];
  const mixture = lnBeta(a + canary, b + stable) - lnBeta(a, b);
  return mixture - canary * Math.log(share) - stable * Math.log1p(-share);
}
