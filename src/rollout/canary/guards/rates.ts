import { noRateDifference, type RateDifference, rateDifferenceBound } from '../../../statistics/rate-difference.ts';
import { logRateEvidence } from '../../../statistics/rate-test.ts';
import { passAlpha } from '../alpha.ts';
import { effectOf } from '../callers.ts';
import { type Evidence, type Totals, totalsOf } from '../evidence.ts';
import type { Plan } from '../plan.ts';
import { type CanaryRecord, shareOf } from '../record.ts';
import { evidenceOf, type GuardReport, percent } from './report.ts';

const rate = (count: number, { calls }: Totals) => (calls === 0 ? null : count / calls);

type ErrorsOf = Pick<CanaryRecord, 'evidence' | 'plan' | 'state' | 'step'>;

/**
 * Errors: condemned when the conditional rate test shows more of them than stable has in the same regions and minutes
 * (`statistics/rate-test.ts`); fine once those of the step are shown to exceed stable's by less than the margin, likewise
 * (`statistics/rate-difference.ts`): a version may fail at a greater share though it did not at a smaller one.
 */
export function errorsGuard(record: ErrorsOf): GuardReport {
  const { evidence, plan } = record;
  const { canary, stable } = totalsOf(evidence);
  const designEffect = effectOf(evidence, 'e');
  const base = {
    ...evidenceOf('errors', logRateEvidence(evidence.errors) / designEffect),
    action: 'rollback',
    canary: rate(canary.errors, canary),
    stable: rate(stable.errors, stable),
    unit: 'share',
  } as const;
  if (shareOf(record) === 1 && stable.calls > 0) {
    const verdict = base.statistic >= base.threshold ? 'condemns' : 'fine';
    return {
      ...base,
      verdict,
      detail: 'no stable calls are left to compare with: failures in a row and the ratio act',
    };
  }
  const compared = evidence.stepErrors ?? noRateDifference;
  if (compared.weight === 0) return { ...base, verdict: 'unclear', detail: 'nothing to compare yet' };
  const margin = marginOf(compared, plan);
  const high = rateDifferenceBound(compared, { margin, alpha: passAlpha, designEffect });
  const detail = `at most ${points(high)} points above stable, to pass ${points(margin)}`;
  const fine = high <= margin ? 'fine' : 'unclear';
  return { ...base, verdict: base.statistic >= base.threshold ? 'condemns' : fine, detail };
}

/** Points that are much beside a rate of one percent are little beside one of thirty. */
function marginOf({ stable, weight }: RateDifference, { guards }: Plan): number {
  const { marginPoints, marginShare = 0 } = guards.errors;
  return Math.max(marginPoints / 100, (marginShare * stable) / weight);
}

/** A bound of few calls may lie above what a share can be. */
function points(share: number): string {
  return String(Number((100 * Math.min(1, share)).toFixed(2)));
}

/** Caller's faults: both sides see the same traffic, so a version that refuses more of it refuses good input. */
export function callerFaultsGuard(evidence: Evidence, { guards }: Plan): GuardReport {
  const { canary, stable } = totalsOf(evidence);
  const { action } = guards.callerFaults;
  const base = {
    ...evidenceOf('callerFaults', evidence.callerFaults.mostLog),
    action: action === 'off' ? 'hold' : action,
    canary: rate(canary.callerFaults, canary),
    stable: rate(stable.callerFaults, stable),
    unit: 'share',
  } as const;
  if (action === 'off') return { ...base, verdict: 'off', detail: '' };
  if (canary.calls === 0) return { ...base, verdict: 'unclear', detail: 'nothing to compare yet' };
  const detail = `refused: ${percent(base.canary ?? 0)}, stable ${percent(base.stable ?? 0)}`;
  return { ...base, verdict: base.statistic >= base.threshold ? 'condemns' : 'fine', detail };
}
