import { addExactly, addSum, type ExactSum, roundedSum } from './exact-sum.ts';

/** How well a version did, by name. */
export type Measure = 'accuracy' | 'auc' | 'f1' | 'mae' | 'rmse';

/** Bins of scores from 0 to 1, of which the area under the curve is made: it is exact but for ties within a bin. */
const scoreBins = 200;

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
  /** Scores from 0 to 1 by bin, where the truth was 1 and where it was 0. */
  readonly positives: number[];
  readonly negatives: number[];
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
    positives: [],
    negatives: [],
    numbers: 0,
    errors: [],
    squaredErrors: [],
  };
}

/** Counts one pair. @param threshold of models whose predictions are probabilities of label 1 */
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
    if (scored && predicted >= 0 && predicted <= 1) addScore(counts, predicted, String(truth));
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

function addScore(counts: TruthCounts, score: number, truth: string): void {
  const bins = truth === '1' ? counts.positives : truth === '0' ? counts.negatives : undefined;
  if (bins === undefined) return;
  while (bins.length < scoreBins) bins.push(0);
  const bin = Math.min(scoreBins - 1, Math.floor(score * scoreBins));
  bins[bin] = (bins[bin] ?? 0) + 1;
}

/** Adds counts to others, in place. */
export function addTruths(into: TruthCounts, more: TruthCounts): void {
  into.labels += more.labels;
  into.right += more.right;
  into.hits += more.hits;
  into.falseAlarms += more.falseAlarms;
  into.misses += more.misses;
  addBins(into.positives, more.positives);
  addBins(into.negatives, more.negatives);
  into.numbers += more.numbers;
  addSum(into.errors, more.errors);
  addSum(into.squaredErrors, more.squaredErrors);
}

function addBins(into: number[], more: readonly number[]): void {
  for (const [bin, count] of more.entries()) into[bin] = (into[bin] ?? 0) + count;
}

/** Every measure there is something to tell of. */
export function measuresOf(counts: TruthCounts): Partial<Record<Measure, number>> {
  const { labels, right, hits, falseAlarms, misses, numbers, errors, squaredErrors } = counts;
  const area = areaUnderCurve(counts);
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

/** Share of pairs of a positive and a negative in which the positive has the higher score; half for the same bin. */
function areaUnderCurve({ positives, negatives }: TruthCounts): number | undefined {
  const of = (bins: readonly number[]) => bins.reduce((sum, count) => sum + count, 0);
  const pairs = of(positives) * of(negatives);
  if (pairs === 0) return undefined;
  let below = 0;
  let won = 0;
  for (let bin = 0; bin < scoreBins; bin++) {
    const here = negatives[bin] ?? 0;
    won += (positives[bin] ?? 0) * (below + here / 2);
    below += here;
  }
  return won / pairs;
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
