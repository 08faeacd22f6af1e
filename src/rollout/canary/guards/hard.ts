import { logErrorRatio, ratioBounds } from '../../../statistics/sequential-ratio.ts';
import { shareSequence } from '../../../statistics/share-difference.ts';
import { alphas } from '../alpha.ts';
import type { Both } from '../counts.ts';
import { type Evidence, type Totals, totalsOf } from '../evidence.ts';
import type { Plan } from '../plan.ts';
import { type GuardReport, percent } from './report.ts';

/** How surely stable's rate lies below what the hard guards take it for. */
const boundAlpha = 0.01;
/** An error rate this much above stable's is a break. */
const breakPoints = 0.1;
const longestRun = 1_000;

/**
 * Stable's error rate, taken from above, since it is measured: 1 while nothing is known. Where stable fails more than
 * before, its calls beside the step's tell: the share is the same for the whole step, so both sides met the same minutes.
 */
function stableRate(evidence: Evidence, step: Totals): number {
  const high = ({ calls, errors }: Totals) => shareSequence({ calls, errors }, boundAlpha).high;
  const ever = high(totalsOf(evidence).stable);
  return step.calls === 0 ? ever : Math.max(ever, high(step));
}

/**
 * Failures in a row that end a canary after so many calls. A run ends at each call with chance rate^k at most, so with
 * k(n) = ln(n(n + 1) / alpha) / ln(1 / rate) the chance that there ever is one is at most Σ alpha / n(n + 1) = alpha.
 */
export function runThatEnds(rate: number, calls: number, least: number): number {
  if (!(rate < 1)) return longestRun;
  const n = Math.max(1, calls);
  const needed = Math.ceil(Math.log((n * (n + 1)) / alphas.failuresInARow) / -Math.log(Math.max(rate, 1e-9)));
  return Math.min(longestRun, Math.max(least, needed));
}

/** So many failures of the canary in a row, while stable answers in the same region. */
export function failuresInARowGuard(evidence: Evidence, stepStable: Totals, { guards }: Plan): GuardReport {
  const rate = stableRate(evidence, stepStable);
  const threshold = runThatEnds(rate, totalsOf(evidence).canary.calls, guards.failuresInARow);
  const { length, region } = evidence.run;
  return {
    guard: 'failuresInARow',
    verdict: length >= threshold ? 'condemns' : 'fine',
    action: 'rollback',
    statistic: length,
    threshold,
    canary: length,
    stable: null,
    unit: 'calls',
    detail: length === 0 ? `from stable’s rate, at most ${percent(rate)}` : `in ${region}`,
  };
}

/** Wald's test of the step's errors: stable's rate against one ten points above it. */
export function errorRatioGuard(evidence: Evidence, { canary: step, stable }: Both<Totals>, plan: Plan): GuardReport {
  const fine = Math.max(stableRate(evidence, stable), 1e-6);
  const bad = Math.min(0.95, Math.max(fine + breakPoints, 2 * fine));
  const steps = plan.steps.length + plan.waves.length - 1;
  const options = { fine, bad, alpha: alphas.errorRatio / steps, beta: 0.1 };
  const known = fine < 0.5 && bad > fine;
  const statistic = known ? logErrorRatio(step.errors, step.calls, options) : 0;
  const threshold = ratioBounds(options).bad;
  return {
    guard: 'errorRatio',
    verdict: statistic >= threshold ? 'condemns' : 'fine',
    action: 'rollback',
    statistic,
    threshold,
    canary: step.calls === 0 ? null : step.errors / step.calls,
    stable: stable.calls === 0 ? null : stable.errors / stable.calls,
    unit: 'share',
    detail: known
      ? `this step, stable’s at most ${percent(fine)} against ${percent(bad)}`
      : 'stable’s rate is not known yet',
  };
}
