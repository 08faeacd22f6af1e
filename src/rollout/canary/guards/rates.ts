import { shareDifference } from '../../../statistics/share-difference.ts';
import { passAlpha } from '../alpha.ts';
import { type Evidence, type Totals, totalsOf } from '../evidence.ts';
import type { Plan } from '../plan.ts';
import { evidenceOf, type GuardReport, percent } from './report.ts';

const rate = (count: number, { calls }: Totals) => (calls === 0 ? null : count / calls);

/**
 * Errors: condemned when the conditional rate test shows more of them than stable has in the same regions and minutes
 * (`statistics/rate-test.ts`); fine once they are shown to exceed stable's by less than the margin.
 */
export function errorsGuard(evidence: Evidence, { guards }: Plan): GuardReport {
  const { canary, stable } = totalsOf(evidence);
  const base = {
    ...evidenceOf('errors', evidence.errors.mostLog),
    action: 'rollback',
    canary: rate(canary.errors, canary),
    stable: rate(stable.errors, stable),
    unit: 'share',
  } as const;
  const margin = guards.errors.marginPoints / 100;
  if (canary.calls === 0 || stable.calls === 0)
    return { ...base, verdict: 'unclear', detail: 'nothing to compare yet' };
  const { high } = shareDifference(canary, stable, passAlpha);
  const detail = `at most ${(100 * high).toFixed(2)} points above stable, to pass ${guards.errors.marginPoints}`;
  const fine = high <= margin ? 'fine' : 'unclear';
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
