import type { Evidence } from '../evidence.ts';
import { evidenceOf, type GuardReport } from './report.ts';

/**
 * Sample ratio: callers are drawn with the share in force, so those whose calls were finished must be as many. Where
 * they are not, calls of one side get lost, and no comparison of the rest can be believed.
 */
export function sampleRatioGuard({ sampleRatio }: Pick<Evidence, 'sampleRatio'>): GuardReport {
  const { share, canary, stable, mostLog } = sampleRatio;
  const base = { ...evidenceOf('sampleRatio', mostLog), action: 'hold', unit: 'share' } as const;
  const drawn = canary + stable;
  if (share === null || drawn === 0)
    return { ...base, verdict: 'no-data', canary: null, stable: null, detail: 'no caller was drawn yet' };
  return {
    ...base,
    canary: canary / drawn,
    stable: stable / drawn,
    verdict: base.statistic >= base.threshold ? 'condemns' : 'fine',
    detail: `${Math.round(canary)} of ${Math.round(drawn)} finished, drawn with ${share}`,
  };
}
