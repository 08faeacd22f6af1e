import { meanDifference } from '../../../statistics/mean-difference.ts';
import { alphas } from '../alpha.ts';
import { effectOf } from '../callers.ts';
import type { Evidence, MeanEvidence } from '../evidence.ts';
import type { Plan } from '../plan.ts';
import type { GuardReport } from './report.ts';

const perThousand = 1_000;

/** Cost per thousand calls: marginal dollars, as an idle instance that only the canary uses would make each call dear. */
export function costGuard({ cost, callers }: Pick<Evidence, 'cost' | 'callers'>, { guards }: Plan): GuardReport {
  const designEffect = effectOf({ callers }, '$');
  return meansGuard('cost', cost, { ...guards.cost, designEffect }, { unit: 'usd-per-1000', factor: perThousand });
}

/** Quality: mean loss against ground truth, for answers of either version whose truth was told. */
export function qualityGuard({ loss, callers }: Pick<Evidence, 'loss' | 'callers'>, { guards }: Plan): GuardReport {
  const designEffect = effectOf({ callers }, 'q');
  return meansGuard('quality', loss, { ...guards.quality, designEffect }, { unit: 'loss', factor: 1 });
}

interface MeansOptions {
  readonly action: 'rollback' | 'hold' | 'off';
  readonly margin: number;
  /** See `effectOf`. */
  readonly designEffect: number;
}

/**
 * Condemned when the confidence sequence of the difference lies above the margin. Both means shown are of the same
 * regions and minutes; a version may have had most of its calls in dearer ones.
 */
function meansGuard(
  guard: 'cost' | 'quality',
  { sum, values, tightestAt }: MeanEvidence,
  { action, margin, designEffect }: MeansOptions,
  shown: { readonly unit: GuardReport['unit']; readonly factor: number },
): GuardReport {
  const known = sum.weight > 0;
  const [canary, stable] = [sum.canary / sum.weight, sum.stable / sum.weight / (1 + margin)];
  const base = {
    guard,
    action: action === 'off' ? 'hold' : action,
    statistic: 0,
    threshold: margin,
    canary: known ? canary * shown.factor : null,
    stable: known ? stable * shown.factor : null,
    unit: shown.unit,
  } as const;
  if (action === 'off') return { ...base, verdict: 'off', detail: '' };
  if (tightestAt === undefined) {
    const fewer = Math.min(values.canary, values.stable);
    return { ...base, verdict: 'no-data', detail: fewer === 0 ? 'not known' : `${fewer} calls of each, to begin 30` };
  }
  const { low } = meanDifference(
    { ...sum, variance: sum.variance * designEffect },
    { alpha: alphas[guard], tightestAt, sides: 'one' },
  );
  // Where stable's is nothing, any is infinitely more: told against the canary's own.
  const statistic = margin + low / (stable > 0 ? stable : canary);
  const detail = `may be ${Math.round(100 * margin)} % more`;
  return { ...base, statistic, verdict: low > 0 ? 'condemns' : 'fine', detail };
}
