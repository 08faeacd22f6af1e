import { twoProportionZ } from '../statistics/contingency.ts';
import { normalTail } from '../statistics/special.ts';
import type { Baseline, BaselinePerformance } from './baseline.ts';
import type { PaneCounts } from './counts.ts';
import { type Judgement, levelOf } from './judge.ts';
import type { MonitorOptions } from './options.ts';
import { scoredIn } from './score-counts.ts';
import { errorVariance, type Measure, measuresOf, type TruthCounts, truthsIn } from './truth-counts.ts';

/** Judges how much worse a version does than its baseline: nothing without ground truth, or without a baseline's. */
export function judgePerformance(
  { performance }: Baseline,
  { truths }: PaneCounts,
  options: MonitorOptions,
): readonly Judgement[] {
  const sample = truthsIn(truths);
  const measures = measuresOf(truths);
  const measure = options.performance ?? (truths.labels > 0 ? 'accuracy' : 'mae');
  const now = measures[measure];
  const before = performance?.measures[measure];
  if (sample === 0 || performance === undefined || now === undefined || before === undefined) return [];
  const value = Math.max(0, lossOf(measure, before, now));
  const p = chanceOf(measure, performance, before, truths, now);
  const enough = sample >= options.windows.minTruths;
  const level = levelOf(value, options.marks.performance, p <= options.significance, enough);
  const scores = { ...measures, loss: value };
  return [
    { monitor: 'performance', feature: undefined, statistic: `${measure}-loss`, value, p, level, sample, scores },
  ];
}

/** Of accuracy, AUC and F1 the difference; of errors the relative rise. */
function lossOf(measure: Measure, before: number, now: number): number {
  if (measure === 'accuracy' || measure === 'auc' || measure === 'f1') return before - now;
  return before > 0 ? now / before - 1 : now > 0 ? Number.MAX_VALUE : 0;
}

/** Two-sided chance of a difference as great: of two shares, of two areas, or of two mean errors. */
function chanceOf(
  measure: Measure,
  baseline: BaselinePerformance,
  before: number,
  truths: TruthCounts,
  now: number,
): number {
  const { measures } = baseline;
  if (measure === 'accuracy' || measure === 'f1') {
    const share = measures['accuracy'] ?? before;
    return twoProportionZ(share * baseline.truths, baseline.truths, truths.right, truths.labels).p;
  }
  const [earlier, later] =
    measure === 'auc'
      ? [
          areaVariance(before, (measures['positives'] ?? 0.5) * baseline.truths, baseline.truths),
          areaVarianceOf(now, truths),
        ]
      : [
          (measures['error-variance'] ?? 0) / baseline.truths,
          truths.numbers === 0 ? 0 : errorVariance(truths) / truths.numbers,
        ];
  const difference = measure === 'auc' ? now - before : (measuresOf(truths).mae ?? 0) - (measures['mae'] ?? 0);
  const deviation = Math.sqrt(earlier + later);
  if (deviation === 0) return difference === 0 ? 1 : 0;
  return Math.min(1, 2 * normalTail(Math.abs(difference) / deviation));
}

function areaVarianceOf(area: number, { scores }: TruthCounts): number {
  const { positives, negatives } = scoredIn(scores);
  return areaVariance(area, positives, positives + negatives);
}

/** Of an area under the curve (Hanley and McNeil 1982); a perfect one of a handful of pairs is not certain either. */
function areaVariance(found: number, positives: number, all: number): number {
  const negatives = all - positives;
  if (positives < 1 || negatives < 1) return 0;
  const pairs = positives * negatives;
  const area = found > 0 && found < 1 ? found : (found * pairs + 0.5) / (pairs + 1);
  const [q1, q2] = [area / (2 - area), (2 * area * area) / (1 + area)];
  const spread = area * (1 - area) + (positives - 1) * (q1 - area * area) + (negatives - 1) * (q2 - area * area);
  return Math.max(0, spread / pairs);
}

/** How well a version did, as a baseline keeps it; undefined without pairs. */
export function performanceOf(truths: TruthCounts): BaselinePerformance | undefined {
  const count = truthsIn(truths);
  if (count === 0) return undefined;
  const { positives, negatives } = scoredIn(truths.scores);
  return {
    truths: count,
    measures: {
      ...measuresOf(truths),
      ...(positives + negatives > 0 && { positives: positives / (positives + negatives) }),
      ...(truths.numbers > 0 && { 'error-variance': errorVariance(truths) }),
    },
  };
}
