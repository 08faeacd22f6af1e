import type { Agreement } from '../core/events.ts';
import type { ShadowTolerance } from '../core/model.ts';
import type { Answer } from '../core/result.ts';

/** Predictions of an answer in their order: numbers, and labels as text. */
export type Predictions = readonly (number | string)[];

/** How one mirrored answer compares with the primary's. */
export interface Comparison {
  readonly agreement: Agreement;
  /** Between numbers at the same place, absolute. */
  readonly differences: readonly number[];
  /** Of both answers; empty where they were not read. */
  readonly primary: Predictions;
  readonly shadow: Predictions;
  /** Labels at the same place: text, or the side of the threshold a number is on. */
  readonly labels: number;
  readonly labelsDiffering: number;
}

const unread = { differences: [], primary: [], shadow: [], labels: 0, labelsDiffering: 0 } as const;

/** The shadow answered nothing. */
export const noAnswer: Comparison = { agreement: 'failed', ...unread };

/**
 * Holds the shadow's answer against the primary's. `exact`: the same bytes; `close`: every number within the tolerance
 * and every label the same text; `same-label`: further apart, but on the same side of the threshold; `different`: not
 * even that, or another number of predictions; `unreadable`: other bytes, in which no predictions were found.
 * `read` may throw, or find nothing: a shadow that answers something else altogether is what this is for.
 */
export function compareAnswers(
  primary: Answer,
  shadow: Answer,
  tolerance: ShadowTolerance,
  read: (answer: Answer) => Predictions,
): Comparison {
  const exact = primary.status === shadow.status && primary.body.equals(shadow.body);
  const tooLong = Math.max(primary.body.length, shadow.body.length) > tolerance.maxBytes;
  const expected = tooLong ? [] : readOr(read, primary);
  if (expected.length === 0) return { agreement: exact ? 'exact' : 'unreadable', ...unread };
  const found = exact ? expected : readOr(read, shadow);
  if (found.length === 0) return { agreement: 'unreadable', ...unread };
  return { ...comparePredictions(expected, found, tolerance, exact), primary: expected, shadow: found };
}

function readOr(read: (answer: Answer) => Predictions, answer: Answer): Predictions {
  try {
    return read(answer);
  } catch {
    return []; // not what the model's answers look like: `unreadable` tells it
  }
}

function comparePredictions(
  primary: Predictions,
  shadow: Predictions,
  tolerance: ShadowTolerance,
  exact: boolean,
): Pick<Comparison, 'agreement' | 'differences' | 'labels' | 'labelsDiffering'> {
  const differences: number[] = [];
  let allClose = primary.length === shadow.length;
  let labels = 0;
  let labelsDiffering = 0;
  for (let at = 0; at < Math.min(primary.length, shadow.length); at += 1) {
    const [one, other] = [primary[at] ?? '', shadow[at] ?? ''];
    const numbers = typeof one === 'number' && typeof other === 'number';
    if (numbers) differences.push(differenceOf(one, other));
    const close = numbers ? areClose(one, other, tolerance) : one === other;
    if (!close) allClose = false;
    const labelled = !numbers || tolerance.threshold !== undefined;
    if (labelled) labels += 1;
    const sameLabel = typeof one === typeof other && labelOf(one, tolerance) === labelOf(other, tolerance);
    if (labelled && !sameLabel) labelsDiffering += 1;
  }
  const sameLabels = labels === primary.length && primary.length === shadow.length && labelsDiffering === 0;
  const agreement = exact ? 'exact' : allClose ? 'close' : sameLabels ? 'same-label' : 'different';
  return { agreement, differences, labels, labelsDiffering };
}

/** What is farther apart, or no number as `1e999` is, counts as so far: sums of differences stay numbers. */
const largestDifference = 1e100;

function differenceOf(one: number, other: number): number {
  if (one === other) return 0;
  const difference = Math.abs(one - other);
  return difference < largestDifference ? difference : largestDifference;
}

function areClose(one: number, other: number, { absolute, relative }: ShadowTolerance): boolean {
  if (!Number.isFinite(one)) return one === other;
  return Math.abs(one - other) <= absolute + relative * Math.abs(one);
}

function labelOf(prediction: number | string, { threshold }: ShadowTolerance): number | string | boolean {
  return typeof prediction === 'number' && threshold !== undefined ? prediction >= threshold : prediction;
}
