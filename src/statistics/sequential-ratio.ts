/** Wald's sequential probability ratio test of an error rate: a hard guard that stops at the first clear sign. */
export interface RatioTestOptions {
  /** Error rate that is fine, and the one that is not; fine < bad, both within 0 and 1. */
  readonly fine: number;
  readonly bad: number;
  /** Chance to call a fine rate bad, and a bad one fine (about: Wald's bounds). */
  readonly alpha: number;
  readonly beta: number;
}

/** What the test says; once fine or bad, it is decided. */
export type RatioDecision = 'undecided' | 'fine' | 'bad';

/** State of the test; plain JSON. */
export interface RatioTest {
  /** ln of the likelihood of bad over fine. */
  readonly logRatio: number;
  readonly decision: RatioDecision;
}

/** A test that has seen nothing. */
export const noRatioTest: RatioTest = { logRatio: 0, decision: 'undecided' };

/** ln of the likelihood ratio of so many errors among so many calls. */
export function logErrorRatio(errors: number, calls: number, { fine, bad }: RatioTestOptions): number {
  return errors * Math.log(bad / fine) + (calls - errors) * (Math.log1p(-bad) - Math.log1p(-fine));
}

/** Wald's bounds: bad from `bad` up, fine from `fine` down. */
export function ratioBounds({ alpha, beta }: RatioTestOptions): { readonly fine: number; readonly bad: number } {
  return { bad: Math.log((1 - beta) / alpha), fine: Math.log(beta / (1 - alpha)) };
}

/** The test after some calls more; a decided test stays as it is. */
export function stepRatioTest(test: RatioTest, errors: number, calls: number, options: RatioTestOptions): RatioTest {
  if (test.decision !== 'undecided') return test;
  const logRatio = test.logRatio + logErrorRatio(errors, calls, options);
  const bounds = ratioBounds(options);
  if (logRatio >= bounds.bad) return { logRatio, decision: 'bad' };
  return { logRatio, decision: logRatio <= bounds.fine ? 'fine' : 'undecided' };
}

/** What a mixture ratio is computed from: two arms of `calls` each, values of known variance. */
export interface MixtureSample {
  readonly calls: number;
  readonly difference: number;
  /** Variance of a single value, the same in both arms. */
  readonly variance: number;
  /** Variance of the normal law the true difference is mixed over. */
  readonly mixing: number;
}

/**
 * ln Λ of the mixture sequential probability ratio test of "no difference of means" (Robbins 1970; Johari, Pekelis
 * and Walsh 2015): reject at Λ ≥ 1/alpha, at any look.
 */
export function logMixtureRatio({ calls, difference, variance, mixing }: MixtureSample): number {
  const both = 2 * variance;
  const spread = both + calls * mixing;
  return 0.5 * Math.log(both / spread) + (calls * calls * mixing * difference * difference) / (2 * both * spread);
}

/** Always-valid p-value after one look more: it never rises. Start with 1. */
export function alwaysValidP(before: number, logRatio: number): number {
  return Math.min(before, Math.exp(-logRatio));
}
