import { benjaminiHochberg } from '../statistics/multiple-tests.ts';
import type { Baseline, Feature } from './baseline.ts';
import { type Comparison, compare } from './compare.ts';
import type { FeatureCounts, PaneCounts } from './counts.ts';
import { judgePerformance } from './judge-performance.ts';
import { judgeQuality } from './judge-quality.ts';
import type { Effect, MonitorOptions } from './options.ts';

/** What looks at what of a window. */
export type Monitor = 'features' | 'prediction' | 'data-quality' | 'performance';

/** `drifted`: above the high mark, with significance and sample enough; `clear`: below the low mark. */
export type Level = 'clear' | 'between' | 'drifted' | 'too-few';

/** What was found of one feature, or of the whole. */
export interface Judgement {
  readonly monitor: Monitor;
  readonly feature: string | undefined;
  /** Which the level goes by. */
  readonly statistic: string;
  readonly value: number;
  /** Adjusted for the window's other features; 1 where there is no test. */
  readonly p: number;
  readonly level: Level;
  readonly sample: number;
  /** Of all statistics that apply, by name. */
  readonly scores: Readonly<Record<string, number>>;
}

/** Judges a window of counts. Pure: replicas with the same counts say the same. */
export function judge(baseline: Baseline, counts: PaneCounts, options: MonitorOptions): readonly Judgement[] {
  return [
    ...judgeDistributions(baseline, counts, options),
    ...judgeQuality(baseline, counts, options),
    ...judgePerformance(baseline, counts, options),
  ];
}

interface Compared {
  readonly monitor: Monitor;
  readonly feature: Feature;
  readonly comparison: Comparison;
  readonly effect: Effect;
}

function judgeDistributions(baseline: Baseline, counts: PaneCounts, options: MonitorOptions): readonly Judgement[] {
  if (!baseline.constraints.compares) return [];
  const features = baseline.features.flatMap((feature, index) =>
    compared('features', feature, counts.features[index], options),
  );
  const { prediction } = baseline;
  const predictions = prediction === undefined ? [] : compared('prediction', prediction, counts.prediction, options);
  // The features are one family of tests; the prediction is asked by itself.
  return [...judgeFamily(features, options), ...judgeFamily(predictions, options)];
}

function compared(
  monitor: Monitor,
  feature: Feature,
  counts: FeatureCounts | undefined,
  options: MonitorOptions,
): readonly Compared[] {
  const comparison = counts && compare(feature, counts);
  if (comparison === undefined) return [];
  const wanted = feature.kind === 'numeric' ? options.numeric : options.categorical;
  // Where no number came at all there is no order to compare, and all are missing or wrong.
  const effect = comparison.effects[wanted] === undefined ? 'l-infinity' : wanted;
  return [{ monitor, feature, comparison, effect }];
}

function judgeFamily(family: readonly Compared[], options: MonitorOptions): readonly Judgement[] {
  const adjusted = benjaminiHochberg(family.map(({ comparison, effect }) => comparison.p[effect] ?? 1));
  return family.map(({ monitor, feature, comparison, effect }, index) => {
    const value = comparison.effects[effect] ?? 0;
    const p = adjusted[index] ?? 1;
    const enough = comparison.sample >= options.windows.minRecords;
    const level = levelOf(value, options.marks[effect], p <= options.significance, enough);
    const scores = { ...comparison.effects };
    return { monitor, feature: feature.name, statistic: effect, value, p, level, sample: comparison.sample, scores };
  });
}

/** A large difference that may be chance is between the marks. */
export function levelOf(
  value: number,
  marks: { readonly high: number; readonly low: number },
  significant: boolean,
  enough: boolean,
): Level {
  if (!enough) return 'too-few';
  if (value >= marks.high && significant) return 'drifted';
  return value < marks.low ? 'clear' : 'between';
}
