import { meanDifference } from '../../../statistics/mean-difference.ts';
import { alphas } from '../alpha.ts';
import type { Evidence, MeanEvidence } from '../evidence.ts';
import type { Plan } from '../plan.ts';
import type { GuardReport } from './report.ts';

const perThousand = 1_000;

/** Cost per thousand calls: marginal dollars, as an idle instance that only the canary uses would make each call dear. */
export function costGuard({ cost }: Pick<Evidence, 'cost'>, { guards }: Plan): GuardReport {
  return meansGuard('cost', cost, guards.cost, { unit: 'usd-per-1000', factor: perThousand });
}

/** Quality: mean loss against ground truth, for answers of either version whose truth was told. */
export function qualityGuard({ loss }: Pick<Evidence, 'loss'>, { guards }: Plan): GuardReport {
  return meansGuard('quality', loss, guards.quality, { unit: 'loss', factor: 1 });
}

/** Condemned when the confidence sequence of the difference of means lies above the margin. */
function meansGuard(
  guard: 'cost' | 'quality',
  { moments: { canary, stable }, scale }: MeanEvidence,
  { action, margin }: { readonly action: 'rollback' | 'hold' | 'off'; readonly margin: number },
  shown: { readonly unit: GuardReport['unit']; readonly factor: number },
): GuardReport {
  const allowed = Math.abs(stable.mean) * margin;
  const base = {
    guard,
    action: action === 'off' ? 'hold' : action,
    statistic: 0,
    threshold: margin,
    canary: canary.count === 0 ? null : canary.mean * shown.factor,
    stable: stable.count === 0 ? null : stable.mean * shown.factor,
    unit: shown.unit,
  } as const;
  if (action === 'off') return { ...base, verdict: 'off', detail: '' };
  if (scale === undefined) {
    const known = Math.min(canary.count, stable.count);
    return { ...base, verdict: 'no-data', detail: known === 0 ? 'not known' : `${known} calls of each, to begin 30` };
  }
  const options = { alpha: alphas[guard], tightestAt: scale, sides: 'one', leastDeviation: scale / 10 } as const;
  const { low } = meanDifference(canary, stable, options);
  const statistic = Number.isFinite(low) ? low / Math.abs(stable.mean) : 0;
  const detail = `may be ${Math.round(100 * margin)} % more`;
  return { ...base, statistic, verdict: low > allowed ? 'condemns' : 'fine', detail };
}
