/**
 * Anytime-valid test whether calls to the canary fail more often than concurrent calls to stable. It may be looked at
 * after every batch, for as long as one likes: the chance that it ever rejects wrongly is at most alpha.
 *
 * Each look and stratum (a region, say) gives a 2 × 2 table of the calls new since the last look. Given its margins,
 * the canary's errors follow Fisher's noncentral hypergeometric law with the odds ratio of the two versions; under
 * equal odds this is the plain law that random assignment alone brings about, however the error rate moves between
 * looks and strata, so an outage of a region blames nobody. The likelihood ratio of odds ratio θ against the margin
 * θ₀ is an e-value; the product over looks and strata is an e-process for each θ, and so is their mean over a small
 * grid of θ. Rejecting when that mean reaches 1/alpha errs with chance alpha at most (Ville's inequality). See
 * Ramdas, Grünwald, Vovk and Shafer 2023, "Game-theoretic statistics and safe anytime-valid inference".
 */
import { logMeanExp } from './logarithms.ts';

/** Calls of one version and how many of them erred. */
export interface RateArm {
  readonly calls: number;
  readonly errors: number;
}

/** New calls of both versions in one stratum since the last look. */
export interface RateTable {
  readonly canary: RateArm;
  readonly stable: RateArm;
}

/**
 * What is to be shown against the null hypothesis. `above`: the canary's error odds exceed stable's × margin (null:
 * at most that, in every stratum at every time). `below`: they stay below it (null: at least that), which is what
 * promotion needs.
 */
export type RateDirection = 'above' | 'below';

/** State of the test; plain JSON, continued by the next look. */
export interface RateTest {
  readonly direction: RateDirection;
  /** θ₀: the ratio of error odds, canary to stable, on the border of the null hypothesis. */
  readonly margin: number;
  /** The grid of θ, as odds ratios of canary to stable: all above the margin, or all below. */
  readonly odds: readonly number[];
  /** Natural logarithm of the e-process of each θ. */
  readonly logs: readonly number[];
  /** Greatest logarithm of the mixture so far, at least 0. */
  readonly mostLog: number;
}

/**
 * Factors by which θ differs from the margin: small ones find slow harm in many calls, great ones a break at once. Few,
 * as each costs the others evidence, and close together where odds differ by what two points in a hundred are.
 */
const factors = [1.2, 1.35, 1.5, 2, 4, 15];

/** A test that has seen nothing. `margin` 1 asks for any difference. Throws RangeError for a margin not above 0. */
export function newRateTest(direction: RateDirection = 'above', margin = 1): RateTest {
  if (!(margin > 0 && Number.isFinite(margin))) throw new RangeError('a margin is a ratio of odds above 0');
  const odds = factors.map(factor => (direction === 'above' ? margin * factor : margin / factor));
  return { direction, margin, odds, logs: odds.map(() => 0), mostLog: 0 };
}

/** The test after one look: its strata's tables, each of calls not counted before. */
export function stepRateTest(test: RateTest, tables: readonly RateTable[]): RateTest {
  const logs = test.logs.slice();
  for (const table of tables) {
    const gains = logLikelihoodRatios(table, test.odds, test.margin);
    gains.forEach((gain, at) => {
      logs[at] = (logs[at] ?? 0) + gain;
    });
  }
  const next = { ...test, logs };
  return { ...next, mostLog: Math.max(test.mostLog, logRateEvidence(next)) };
}

/** Natural logarithm of the e-process now: what a bet against the null hypothesis has multiplied its stake by. */
export function logRateEvidence(test: RateTest): number {
  return logMeanExp(test.logs);
}

/** Always-valid p-value: it never rises, and reject at p ≤ alpha at any look. */
export function rateTestP(test: RateTest): number {
  return Math.exp(-test.mostLog);
}

/**
 * ln of the likelihood ratio of each odds ratio against `margin`, given the margins of the table:
 * x·ln(θ/θ₀) − ln Z(θ) + ln Z(θ₀) with Z(θ) = Σ C(nc, x) C(ns, E − x) θ^x over the support. Exact; time is the size
 * of the support, min(errors, canary calls). A table that can come out in one way only says nothing: 0. Throws
 * RangeError for a table with more errors than calls.
 */
export function logLikelihoodRatios(table: RateTable, odds: readonly number[], margin: number): number[] {
  const { canary, stable } = table;
  if (![canary, stable].every(arm => arm.errors >= 0 && arm.errors <= arm.calls))
    throw new RangeError('errors are between 0 and the calls');
  const errors = canary.errors + stable.errors;
  const low = Math.max(0, errors - stable.calls);
  const weights = logWeights(canary.calls, stable.calls, errors, low);
  if (weights.length === 1) return odds.map(() => 0);
  const atNull = logSum(weights, Math.log(margin));
  return odds.map(theta => {
    const atTheta = logSum(weights, Math.log(theta));
    return (canary.errors - low) * Math.log(theta / margin) - atTheta + atNull;
  });
}

/** ln of C(nc, x) C(ns, E − x) for each x of the support from `low` on, the first taken as 0. */
function logWeights(nc: number, ns: number, errors: number, low: number): Float64Array {
  const weights = new Float64Array(Math.min(errors, nc) - low + 1);
  for (let at = 1; at < weights.length; at += 1) {
    const x = low + at;
    const ratio = ((nc - x + 1) * (errors - x + 1)) / (x * (ns - errors + x));
    weights[at] = (weights[at - 1] as number) + Math.log(ratio);
  }
  return weights;
}

/** Terms so far below the greatest that they change no digit. */
const negligible = -45;

/** ln Σ exp(weights[i] + i·slope) of a concave sequence: from its greatest term outwards until nothing is added. */
function logSum(weights: Float64Array, slope: number): number {
  let [low, high] = [0, weights.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    const rise = (weights[middle + 1] as number) - (weights[middle] as number) + slope;
    if (rise > 0) low = middle + 1;
    else high = middle;
  }
  const top = (weights[low] as number) + low * slope;
  let sum = 1;
  for (const step of [-1, 1]) {
    for (let at = low + step; at >= 0 && at < weights.length; at += step) {
      const term = (weights[at] as number) + at * slope - top;
      if (term < negligible) break;
      sum += Math.exp(term);
    }
  }
  return top + Math.log(sum);
}
