import { isRunning } from '../rollout/canary/states.ts';
import { type SideStatus, statusOf } from '../rollout/canary/status.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { CanaryPart } from './canary.ts';
import type { Parts } from './parts.ts';

/** Sets the gauges of canaries from their records: every replica shows the same. */
export function publishCanaryGauges(metrics: Metrics, parts: Parts, canaries: Pick<CanaryPart, 'record'>): void {
  metrics.onScrape(() => {
    const nowMs = parts.clock.wallMs();
    for (const name of parts.config().models.keys()) {
      const record = canaries.record(name);
      if (record === undefined) continue;
      const labels = { model: name, version: record.canary };
      const { state, share, canary, stable, guards, looks } = statusOf(record, nowMs);
      metrics.gauge('meridian_canary_state', { ...labels, state }, 1);
      metrics.gauge('meridian_canary_share', labels, share);
      if (!isRunning(state)) continue;
      metrics.gauge('meridian_canary_state_age_seconds', { ...labels, state }, (nowMs - record.stateSinceMs) / 1000);
      metrics.gauge('meridian_canary_step_age_seconds', labels, (nowMs - record.stepSinceMs) / 1000);
      metrics.gauge('meridian_canary_looks', labels, looks);
      showSide(metrics, labels, 'canary', canary);
      showSide(metrics, labels, 'stable', stable);
      for (const { guard, verdict, statistic, threshold } of guards) {
        if (verdict === 'off' || verdict === 'no-data') continue;
        metrics.gauge('meridian_canary_guard_statistic', { ...labels, guard }, statistic);
        metrics.gauge('meridian_canary_guard_threshold', { ...labels, guard }, threshold);
      }
    }
  });
}

function showSide(
  metrics: Metrics,
  labels: { readonly model: string; readonly version: string },
  side: string,
  { calls, errors, callerFaults }: SideStatus,
): void {
  const counts = { ok: calls - errors - callerFaults, error: errors, 'caller-fault': callerFaults };
  for (const [outcome, count] of Object.entries(counts))
    metrics.gauge('meridian_canary_observations', { ...labels, side, outcome }, count);
}
