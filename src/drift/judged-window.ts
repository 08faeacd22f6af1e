import type { Baseline } from './baseline.ts';
import { type Judgement, judge } from './judge.ts';
import { type Violation, violationsOf } from './judge-quality.ts';
import type { MonitorOptions } from './options.ts';
import type { ShownWindow } from './stored-panes.ts';

/** How long the counts of other replicas are waited for where they cannot be had, ms. */
export const patienceMs = 30_000;

/** A window that was judged. */
export interface JudgedWindow extends ShownWindow {
  readonly judgements: readonly Judgement[];
  readonly violations: readonly Violation[];
}

/** Judges what was counted in a window. */
export function judgedWindow(baseline: Baseline, options: MonitorOptions, window: ShownWindow): JudgedWindow {
  const { counts } = window;
  const judgements = judge(baseline, counts, options);
  return { ...window, judgements, violations: violationsOf(baseline, counts, options) };
}

/**
 * Those of an earlier process that no later window can have followed yet. They stand: were they not shown, a restart would
 * end alerts that go by the last window, and leave an hour out of those that count windows.
 */
export function stillStanding(
  shown: readonly ShownWindow[],
  { tumblingPanes, paneSeconds, settleMs }: MonitorOptions['windows'],
  nowMs: number,
): readonly ShownWindow[] {
  return shown.filter(({ kind, endsAt }) => {
    const nextAt = endsAt + (kind === 'tumbling' ? tumblingPanes : 1) * paneSeconds * 1_000;
    return endsAt <= nowMs && nowMs < nextAt + settleMs + patienceMs;
  });
}
