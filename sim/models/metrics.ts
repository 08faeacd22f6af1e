/** How good probabilities are on held-out rows. Lower is better, but for `auc`. */
export interface Quality {
  readonly rows: number;
  /** Share of rows with label 1. */
  readonly baseRate: number;
  /** Mean predicted probability: beside `baseRate` it shows a bias at a glance. */
  readonly meanProbability: number;
  readonly logLoss: number;
  readonly brier: number;
  readonly auc: number;
}

/** Scores probabilities against 0/1 labels of the same length. */
export function quality(probabilities: readonly number[], labels: readonly number[]): Quality {
  return {
    rows: labels.length,
    baseRate: mean(labels),
    meanProbability: mean(probabilities),
    logLoss: mean(probabilities.map((p, i) => -Math.log(clamp(labels[i] === 1 ? p : 1 - p)))),
    brier: mean(probabilities.map((p, i) => (p - (labels[i] ?? 0)) ** 2)),
    auc: auc(probabilities, labels),
  };
}

/** Area under the ROC curve as the Mann-Whitney statistic: the chance that a positive outranks a negative, ties half. */
export function auc(scores: readonly number[], labels: readonly number[]): number {
  const ranked = scores.map((score, i) => ({ score, label: labels[i] ?? 0 })).sort((a, b) => a.score - b.score);
  let rankSum = 0;
  for (let start = 0; start < ranked.length; ) {
    let end = start;
    while (end < ranked.length && ranked[end]?.score === ranked[start]?.score) end++;
    const sharedRank = (start + 1 + end) / 2;
    for (const item of ranked.slice(start, end)) rankSum += item.label * sharedRank;
    start = end;
  }
  const positives = labels.reduce((sum, label) => sum + label, 0);
  const negatives = labels.length - positives;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** Arithmetic mean; NaN for no values. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Keeps the logarithm finite when a probability reaches 0 or 1. */
function clamp(probability: number): number {
  return Math.max(probability, 1e-12);
}
