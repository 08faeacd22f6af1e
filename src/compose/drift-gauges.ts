import type { Drift } from '../drift/drift.ts';
import type { JudgedWindow } from '../drift/judged-window.ts';
import type { Totals } from '../drift/totals.ts';
import { measuresOf, truthsIn } from '../drift/truth-counts.ts';
import { type Part, partsOf } from '../drift/watched-versions.ts';
import type { Metrics } from '../telemetry/metrics.ts';

const levels = { 'too-few': -1, clear: 0, between: 1, drifted: 2 } as const;

/**
 * What monitors say, as they last judged. A version that was replaced says nothing any more: its last window would
 * stand, and with it its alert, for as long as the config has it.
 * @param carries whether callers' calls go to a version
 */
export function publishDrift(
  metrics: Metrics,
  drift: Pick<Drift, 'watched'> & { readonly counted: Totals },
  carries: (model: string, version: string) => boolean,
): void {
  for (const watched of drift.watched()) {
    const { model, version, whole } = watched;
    metrics.gauge('meridian_drift_baseline_loaded', { model, version }, Number(whole.monitor !== undefined));
    if (!carries(model, version)) continue;
    for (const part of partsOf(watched))
      for (const window of part.windows.values()) publishWindow(metrics, part, window);
  }
  for (const { name, labels, value } of drift.counted.all()) metrics.countTo(name, labels as never, value);
}

function publishWindow(
  metrics: Metrics,
  { model, version, scope }: Part,
  { kind: window, counts, judgements }: JudgedWindow,
) {
  const of = { model, version, scope, window };
  metrics.gauge('meridian_drift_window_records', { ...of, monitor: 'features' }, counts.records);
  metrics.gauge('meridian_drift_window_records', { ...of, monitor: 'performance' }, truthsIn(counts.truths));
  metrics.gauge('meridian_drift_window_disturbed', of, Number(counts.disturbed));
  for (const { monitor, feature = 'all', level, scores } of judgements) {
    metrics.gauge('meridian_drift_level', { ...of, monitor, feature }, levels[level]);
    for (const [statistic, score] of Object.entries(scores))
      metrics.gauge('meridian_drift_score', { ...of, monitor, feature, statistic }, score);
  }
  for (const [metric, value] of Object.entries(measuresOf(counts.truths)))
    metrics.gauge('meridian_performance', { ...of, metric }, value);
}
