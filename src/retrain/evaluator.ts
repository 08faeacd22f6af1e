import type { GatewayEvent, Listener } from '../core/events.ts';
import type { News } from './door.ts';
import type { Evidence } from './evidence.ts';
import type { RetrainOptions } from './options.ts';
import { WindowMemory } from './windows.ts';

/** A window that was compared with the baseline. */
export type Judged = Extract<GatewayEvent, { type: 'drift-judged' }>;

/** What the evaluator tells, and of whom. */
export interface EvaluatorPorts {
  /** Wall clock. */
  nowMs(): number;
  options(model: string): RetrainOptions | undefined;
  /** A version on trial: its windows are the canary's business. */
  onTrial(model: string): string | undefined;
  /** Drift is there, or is over. */
  tell(news: News): void;
  /** What was written down of a model's windows, by whichever replica; so that restarts lose none of them. */
  kept(model: string): string | undefined;
  /** Writes it down, when all windows that ended together are in it. */
  keep(model: string, text: () => string): void;
  /** What ground truth says of a version. */
  measured(
    of: { readonly model: string; readonly version: string; readonly scope: string },
    name: string,
    value: number,
  ): void;
}

/**
 * Judges windows by k of m where there is no Prometheus that would, as `config/prometheus/rules/drift.yml` does: tumbling
 * windows only, since those that slide show the same records again and again, and by feature, whichever statistic told.
 * Each scope is judged by itself.
 */
export function createEvaluator(ports: EvaluatorPorts): { hear: Listener; forget(model: string): void } {
  const memory = new WindowMemory();
  const restored = new Set<string>();
  const judge = (judged: Judged, options: RetrainOptions) => {
    const { model, scope = 'all', version, monitor, feature = '', statistic, level } = judged;
    const { windowEndsAt, window = 'tumbling' } = judged;
    // Windows of an outage count for nothing: three of them would be drift for hours after it.
    if (window !== 'tumbling' || judged.disturbed) return;
    // Not by statistic: the check a window breaks most is another one when it breaks none, and drift would never end.
    const whose = scope === 'all' ? model : `${model}/${scope}`;
    const key = `${whose}/${version}/${monitor}/${feature}`;
    if (!restored.has(model)) memory.restore(ports.kept(model) ?? '');
    restored.add(model);
    const verdict = memory.add(key, level, windowEndsAt, options.windows, ports.nowMs());
    ports.keep(model, () => memory.text(`${model}/`));
    if (verdict === 'unchanged') return;
    const evidence: Evidence = {
      key,
      source: 'evaluator',
      monitor,
      version,
      feature: judged.feature,
      statistic,
      value: judged.value,
      sample: judged.sample,
      atMs: windowEndsAt,
      active: verdict === 'drifted',
    };
    ports.tell({ model, scope, evidence, by: 'evaluator' });
  };
  return {
    hear: event => {
      if (event.type !== 'drift-judged') return;
      const options = ports.options(event.model);
      if (options === undefined || ports.onTrial(event.model) === event.version) return;
      if (event.monitor === 'performance' && event.level !== 'too-few' && event.window !== 'stream')
        ports.measured({ scope: 'all', ...event }, event.statistic, event.value);
      if (options.evaluator) judge(event, options);
    },
    forget: model => {
      restored.add(model); // what is written down is of the baseline before, too
      memory.forget(`${model}/`);
      ports.keep(model, () => memory.text(`${model}/`));
    },
  };
}
