import { histogramQuantile } from '../../../statistics/fixed-histogram.ts';
import { logRateEvidence } from '../../../statistics/rate-test.ts';
import { effectOf } from '../callers.ts';
import { latencyEdges } from '../counts.ts';
import type { Evidence } from '../evidence.ts';
import type { Plan } from '../plan.ts';
import { evidenceOf, type GuardReport } from './report.ts';

/** Answers of the canary before its latency can be called fine. */
const leastAnswers = 20;

/** Latency: condemned when answers slower than stable's quantile × (1 + margin) are shown to be too many. */
export function latencyGuard(
  guard: 'latencyP50' | 'latencyP95',
  { latency, callers }: Pick<Evidence, 'latency' | 'callers'>,
  { guards }: Plan,
): GuardReport {
  const [quantile, rates] = guard === 'latencyP50' ? [0.5, latency.p50] : [0.95, latency.p95];
  const effect = Math.max(effectOf({ callers }, 'l'), effectOf({ callers }, 't'));
  const { action, margin } = guards.latency;
  const base = {
    ...evidenceOf(guard, logRateEvidence(rates) / effect),
    action: action === 'off' ? 'hold' : action,
    canary: quantileOf(latency.all.canary, quantile),
    stable: quantileOf(latency.all.stable, quantile),
    unit: 'ms',
  } as const;
  const answers = latency.all.canary.reduce((sum, count) => sum + count, 0);
  const detail = `may be ${Math.round(100 * margin)} % slower`;
  if (action === 'off') return { ...base, verdict: 'off', detail: '' };
  if (base.statistic >= base.threshold) return { ...base, verdict: 'condemns', detail };
  if (answers < leastAnswers)
    return { ...base, verdict: 'unclear', detail: `${detail}; ${answers} of ${leastAnswers} answers` };
  return { ...base, verdict: 'fine', detail };
}

function quantileOf(counts: readonly number[], quantile: number): number | null {
  const value = histogramQuantile({ edges: latencyEdges, counts, missing: 0, nonNumeric: 0 }, quantile);
  return Number.isFinite(value) ? value : null;
}
