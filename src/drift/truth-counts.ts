import { addExactly, addSum, type ExactSum, roundedSum } from './exact-sum.ts';
import { addScore, addScores, areaUnderCurve, noScores, type ScoreCounts } from './score-counts.ts';

/** How well a version did, by name. */
export type Measure = 'accuracy' | 'auc' | 'f1' | 'mae' | 'rmse';

/** What is farther off counts as so far: a square past what a number holds would be no JSON, and its pane be lost. */
const largestError = 1e100;

/** Predictions and what really happened; plain JSON, adds up exactly. */
export interface TruthCounts {
  /** Pairs of labels. */
  labels: number;
  right: number;
  /** Of label 1: predicted and true, predicted and not true, true and not predicted. */
  hits: number;
  falseAlarms: number;
  misses: number;
  /** Of models whose predictions are scores of label 1, where the truth was 1 or 0. */
  readonly scores: ScoreCounts;
  /** Pairs of numbers. */
  numbers: number;
  readonly errors: ExactSum;
  readonly squaredErrors: ExactSum;
}

/** None yet. */
export function noTruths(): TruthCounts {
  return {
    labels: 0,
    right: 0,
    hits: 0,
    falseAlarms: 0,
    misses: 0,
    scores: noScores(),
    numbers: 0,
    errors: [],
    squaredErrors: [],
  };
}

/** Counts one pair. @param threshold of models whose predictions are probabilities, or other scores, of label 1 */
export function addTruth(
  counts: TruthCounts,
  predicted: number | string,
  truth: number | string,
  threshold: number | undefined,
): void {
  const scored = typeof predicted === 'number' && threshold !== undefined;
  if (scored || typeof predicted === 'string' || typeof truth === 'string') {
    const label = scored ? Number(predicted >= threshold) : predicted;
    addLabels(counts, String(label), String(truth));
    if (scored && (String(truth) === '1' || String(truth) === '0'))
      addScore(counts.scores, predicted, String(truth) === '1');
  } else {
    const error = Math.min(largestError, Math.abs(predicted - truth));
    counts.numbers += 1;
    addExactly(counts.errors, error);
    addExactly(counts.squaredErrors, error ** 2);
  }
}

function addLabels(counts: TruthCounts, label: string, truth: string): void {
  counts.labels += 1;
  if (label === truth) counts.right += 1;
  if (label === '1' && truth === '1') counts.hits += 1;
  else if (label === '1') counts.falseAlarms += 1;
  else if (truth === '1') counts.misses += 1;
}

/** Adds counts to others, in place. */
export function addTruths(into: TruthCounts, more: TruthCounts): void {
  into.labels += more.labels;
  into.right += more.right;
  into.hits += more.hits;
  into.falseAlarms += more.falseAlarms;
  into.misses += more.misses;
  addScores(into.scores, more.scores);
  into.numbers += more.numbers;
  addSum(into.errors, more.errors);
  addSum(into.squaredErrors, more.squaredErrors);
}

/** Every measure there is something to tell of. */
export function measuresOf(counts: TruthCounts): Partial<Record<Measure, number>> {
  const { labels, right, hits, falseAlarms, misses, numbers, errors, squaredErrors } = counts;
  const area = areaUnderCurve(counts.scores);
  const asked = 2 * hits + falseAlarms + misses;
  return {
    ...(labels > 0 && { accuracy: right / labels }),
    ...(area !== undefined && { auc: area }),
    ...(labels > 0 && asked > 0 && { f1: (2 * hits) / asked }),
    ...(numbers > 0 && {
      mae: roundedSum(errors) / numbers,
      rmse: Math.sqrt(roundedSum(squaredErrors) / numbers),
    }),
  };
}

/** Pairs, of labels or of numbers. */
export function truthsIn(counts: TruthCounts): number {
  return counts.labels + counts.numbers;
}

/** Variance of the absolute errors. */
export function errorVariance({ numbers, errors, squaredErrors }: TruthCounts): number {
  if (numbers < 2) return 0;
  const mean = roundedSum(errors) / numbers;
  return Math.max(0, (roundedSum(squaredErrors) / numbers - mean * mean) * (numbers / (numbers - 1)));
}
