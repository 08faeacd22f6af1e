import { shareDifference } from '../../../statistics/share-difference.ts';
import { passAlpha } from '../alpha.ts';
import { type Evidence, type Totals, totalsOf } from '../evidence.ts';
import type { Plan } from '../plan.ts';
import { type CanaryRecord, shareOf } from '../record.ts';
import { evidenceOf, type GuardReport, percent } from './report.ts';

const rate = (count: number, { calls }: Totals) => (calls === 0 ? null : count / calls);

type ErrorsOf = Pick<CanaryRecord, 'evidence' | 'plan' | 'state' | 'step' | 'stepCalls' | 'stepStable'>;

/**
 * Errors: condemned when the conditional rate test shows more of them than stable has in the same regions and minutes
 * (`statistics/rate-test.ts`); fine once those of the step are shown to exceed stable's by less than the margin. With one
 * share for the whole step both sides met the same minutes; in steps of other shares error rates may have been others.
 */
export function errorsGuard(record: ErrorsOf): GuardReport {
  const { evidence, plan, stepCalls, stepStable } = record;
  const { canary, stable } = totalsOf(evidence);
  const base = {
    ...evidenceOf('errors', evidence.errors.mostLog),
    action: 'rollback',
    canary: rate(canary.errors, canary),
    stable: rate(stable.errors, stable),
    unit: 'share',
  } as const;
  const { marginPoints } = plan.guards.errors;
  if (shareOf(record) === 1 && stable.calls > 0) {
    const verdict = base.statistic >= base.threshold ? 'condemns' : 'fine';
    return {
      ...base,
      verdict,
      detail: 'no stable calls are left to compare with: failures in a row and the ratio act',
    };
  }
  if (stepCalls.calls === 0 || stepStable.calls === 0)
    return { ...base, verdict: 'unclear', detail: 'nothing to compare yet' };
  const { high } = shareDifference(stepCalls, stepStable, passAlpha);
  const detail = `at most ${(100 * high).toFixed(2)} points above stable, to pass ${marginPoints}`;
  const fine = high <= marginPoints / 100 ? 'fine' : 'unclear';
  return { ...base, verdict: base.statistic >= base.threshold ? 'condemns' : fine, detail };
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
