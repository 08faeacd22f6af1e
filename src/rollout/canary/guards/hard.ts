import { designEffect } from '../../../statistics/design-effect.ts';
import type { RateArm } from '../../../statistics/rate-test.ts';
import { logErrorRatio, ratioBounds } from '../../../statistics/sequential-ratio.ts';
import { shareSequence } from '../../../statistics/share-sequence.ts';
import { alphas } from '../alpha.ts';
import { effectOf } from '../callers.ts';
import { noTotals, totalsOf } from '../evidence.ts';
import { type CanaryRecord, controlledStep, shareOf } from '../record.ts';
import { type GuardReport, percent } from './report.ts';

/** How surely stable's rate lies below what the hard guards take it for. */
const boundAlpha = 0.01;
/**
 * An error rate this much above stable's is a break. At 100 % it is stable's of earlier minutes, and what both would have
 * risen to meanwhile must not pass for one.
 */
const breakPoints = { beside: 0.1, alone: 0.2 };
const longestRun = 1_000;
/** So many of stable's calls in a step tell what its rate is now: fewer would only bound it far above. */
const tellingCalls = 100;

/** What the hard guards look at. */
type HardRecord = Pick<
  CanaryRecord,
  'evidence' | 'plan' | 'state' | 'step' | 'stepCalls' | 'stepStable' | 'control' | 'verified'
>;

/**
 * Stable is taken to fail so often where it has no calls, and never had any beside this canary's; and, for runs of
 * failures at 100 %, at least so often: what both sides would have come to meanwhile is not known.
 */
const unknownRate = 0.5;

/**
 * Stable's error rate, taken from above, since it is measured: 1 while nothing is known. It is what the step's calls leave
 * possible, where that is more than before: the share is the same for the whole step, so both sides met the same
 * minutes. A few of them show nothing, unless that stable fails more; and at 100 % those that are still under way are all
 * there are: there the last step that had some tells.
 */
function stableRate({ evidence, stepStable, control = noTotals, ...record }: HardRecord): number {
  const { stable } = totalsOf(evidence);
  const all = shareOf(record) === 1;
  if (stable.calls === 0) return all ? unknownRate : 1;
  const effect = stableEffect(evidence);
  const ever = shareSequence(independent(stable, effect), boundAlpha).high;
  const step = all ? control : stepStable;
  if (step.calls === 0) return ever;
  const { low, high } = shareSequence(independent(step, effect), boundAlpha);
  return step.calls >= tellingCalls || low > stable.errors / stable.calls ? Math.max(ever, high) : ever;
}

/** As many calls of as many callers as would tell as much. */
function independent({ calls, errors }: RateArm, effect: number): RateArm {
  return { calls: calls / effect, errors: errors / effect };
}

function stableEffect({ callers }: HardRecord['evidence']): number {
  return callers?.e === undefined ? 1 : designEffect(callers.e.stable, 'shares');
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
export function failuresInARowGuard(record: HardRecord): GuardReport {
  const { evidence, plan } = record;
  const rate = shareOf(record) === 1 ? Math.max(stableRate(record), unknownRate) : stableRate(record);
  const threshold = runThatEnds(rate, totalsOf(evidence).canary.calls, plan.guards.failuresInARow);
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

/**
 * Wald's test of the step's errors: stable's rate against one ten points above it, twenty where no stable call is left.
 * There a world that got worse for everyone looks the same as a break: the first time both are compared once more, and
 * if it looks so again after that, a person decides, and meanwhile it does not keep all calls.
 */
export function errorRatioGuard(record: HardRecord): GuardReport {
  const { plan, stepCalls: step, stepStable: stable } = record;
  const fine = Math.max(stableRate(record), 1e-6);
  const alone = shareOf(record) === 1;
  const points = alone ? breakPoints.alone : breakPoints.beside;
  const bad = Math.min(0.95, Math.max(fine + points, 2 * fine));
  const steps = plan.steps.length + plan.waves.length - 1;
  const options = { fine, bad, alpha: alphas.errorRatio / steps, beta: 0.1 };
  const known = fine <= unknownRate && bad > fine;
  const statistic = known ? logErrorRatio(step.errors, step.calls, options) / effectOf(record.evidence, 'e') : 0;
  const threshold = ratioBounds(options).bad;
  return {
    guard: 'errorRatio',
    verdict: statistic >= threshold ? 'condemns' : 'fine',
    action: alone ? actionAlone(record) : 'rollback',
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

function actionAlone({ plan, state, verified = 0 }: HardRecord): GuardReport['action'] {
  if (controlledStep(plan) === undefined) return 'rollback'; // it never had any calls beside it
  // One that waits for a person gives back its calls all the same.
  return verified === 0 || state === 'held' || state === 'paused' ? 'verify' : 'hold';
}
