import { chiSquareTwoSample } from '../../../statistics/contingency.ts';
import { jensenShannonDistance, sharesOf } from '../../../statistics/distances.ts';
import { alphas } from '../alpha.ts';
import type { Both, Counts, Side } from '../counts.ts';
import type { Evidence, PredictionEvidence } from '../evidence.ts';
import type { Plan } from '../plan.ts';
import type { GuardReport } from './report.ts';

/** Eighths of an octave: numbers of one bin are within nine percent of each other. */
const perOctave = 8;
const longestLabel = 40;
/** Predictions of the canary at the first judgement; the next comes when there are twice as many. */
const firstJudgedAt = 100;
const bins = 10;

/** What a prediction is counted under, with no edges to agree on: its size for a number, else the label itself. */
export function predictionKey(prediction: number | string): string {
  if (typeof prediction === 'string') return `=${prediction.slice(0, longestLabel)}`;
  if (prediction === 0 || !Number.isFinite(prediction)) return prediction === 0 ? '0' : '=not a number';
  return `${prediction < 0 ? '-' : '+'}${Math.round(Math.log2(Math.abs(prediction)) * perOctave)}`;
}

/** Predictions that are told apart: answers may be free text, each one unlike all others. */
const mostKeys = 400;
const otherKey = '=\u2026';

/** The key to count under, of those that are told apart; the first ones are, on both sides and for good. */
export function keyAmong(known: Set<string>, key: string): string {
  if (known.has(key)) return key;
  if (known.size >= mostKeys) return otherKey;
  known.add(key);
  return key;
}

/** Counts of both sides with those of another look. */
export function addPredictions(before: Both<Counts>, more: Both<Counts>): Both<Counts> {
  const known = new Set([...Object.keys(before.canary), ...Object.keys(before.stable)]);
  known.delete(otherKey);
  const fresh = [...Object.keys(more.canary), ...Object.keys(more.stable)].sort();
  const names = new Map(fresh.map(key => [key, keyAmong(known, key)]));
  const sumOf = (side: Side): Counts => {
    const sum: Record<string, number> = { ...before[side] };
    for (const [key, count] of Object.entries(more[side])) {
      const name = names.get(key) ?? otherKey;
      sum[name] = (sum[name] ?? 0) + count;
    }
    return sum;
  };
  return { canary: sumOf('canary'), stable: sumOf('stable') };
}

/** Middle of a number's bin; undefined for a label. */
function middleOf(key: string): number | undefined {
  if (key.startsWith('=')) return undefined;
  if (key === '0') return 0;
  return (key.startsWith('-') ? -1 : 1) * 2 ** (Number(key.slice(1)) / perOctave);
}

/**
 * Compares both sides' predictions when the canary's have doubled. The j-th time a chi-square test of two samples may
 * err with alpha / (j(j + 1)), which sums to alpha over any number of times. One prediction of each answer is counted,
 * as those of one batch are alike; where those of one caller are, they count for fewer (Rao and Scott 1981, "The analysis
 * of categorical data from complex sample surveys").
 */
export function judgePredictions(
  evidence: PredictionEvidence,
  { alpha, designEffect }: { readonly alpha: number; readonly designEffect: number },
): PredictionEvidence {
  const [canary, stable] = [evidence.canary, evidence.stable].map(sum) as [number, number];
  if (Math.min(canary, stable) < Math.max(firstJudgedAt, 2 * evidence.judgedAt)) return evidence;
  const [left, right] = grouped(fewer(evidence.canary, designEffect), fewer(evidence.stable, designEffect));
  const judged = evidence.judged + 1;
  const spent = chiSquareTwoSample(left, right).p * judged * (judged + 1);
  const distance = jensenShannonDistance(sharesOf(left), sharesOf(right), 2);
  const condemned = evidence.p <= alpha;
  return { ...evidence, judged, judgedAt: canary, p: condemned ? evidence.p : Math.min(1, spent), distance };
}

function fewer(counts: Counts, times: number): Counts {
  return Object.fromEntries(Object.entries(counts).map(([key, count]) => [key, count / times]));
}

/** Sizes of numbers from here on (2 to the power of −32) are told apart from nothing, and from each other's opposite. */
const sizeOffset = 32 * perOctave;

/** A number that is near for predictions that are alike, by their keys: the size of one, or a hash of a label. */
export function predictionSize(key: string): number {
  if (key === '0') return 0;
  if (!key.startsWith('=')) return (key.startsWith('-') ? -1 : 1) * (Number(key.slice(1)) + sizeOffset);
  let hash = 0;
  for (let index = 0; index < key.length; index += 1) hash = (Math.imul(hash, 31) + key.charCodeAt(index)) >>> 0;
  return hash % 997;
}

/** Neighbouring numbers together, about a tenth of all each; every label by itself, rare ones together. */
function grouped(canary: Counts, stable: Counts): [number[], number[]] {
  const keys = [...new Set([...Object.keys(canary), ...Object.keys(stable)])].sort();
  const count = (key: string) => (canary[key] ?? 0) + (stable[key] ?? 0);
  const labels = keys.filter(key => middleOf(key) === undefined);
  const numbers = keys
    .filter(key => middleOf(key) !== undefined)
    .sort((a, b) => (middleOf(a) ?? 0) - (middleOf(b) ?? 0));
  const share = numbers.reduce((total, key) => total + count(key), 0) / bins;
  const [left, right] = [labels.map(key => canary[key] ?? 0), labels.map(key => stable[key] ?? 0)];
  let [mine, theirs] = [0, 0];
  for (const [index, key] of numbers.entries()) {
    mine += canary[key] ?? 0;
    theirs += stable[key] ?? 0;
    if (mine + theirs < share && index < numbers.length - 1) continue;
    left.push(mine);
    right.push(theirs);
    [mine, theirs] = [0, 0];
  }
  return withoutRare(left, right);
}

/** Chi-square needs about so many of the smaller side in each column (Cochran 1954). */
const leastExpected = 5;

/** Puts columns too small to be compared together, in an order that does not depend on the sides. */
function withoutRare(left: readonly number[], right: readonly number[]): [number[], number[]] {
  const total = left.reduce((all, count, at) => all + count + (right[at] ?? 0), 0);
  const smaller = Math.min(
    left.reduce((all, count) => all + count, 0),
    right.reduce((all, count) => all + count, 0),
  );
  const least = (leastExpected * total) / smaller;
  const columns = left.map((count, at) => ({ mine: count, theirs: right[at] ?? 0 }));
  const ordered = columns.toSorted((a, b) => a.mine + a.theirs - b.mine - b.theirs);
  const wide: { mine: number; theirs: number }[] = [];
  let open = { mine: 0, theirs: 0 };
  for (const [at, { mine, theirs }] of ordered.entries()) {
    open = { mine: open.mine + mine, theirs: open.theirs + theirs };
    if (open.mine + open.theirs < least && at < ordered.length - 1) continue;
    wide.push(open);
    open = { mine: 0, theirs: 0 };
  }
  return [wide.map(({ mine }) => mine), wide.map(({ theirs }) => theirs)];
}

function sum(counts: Counts): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

/** Predictions: condemned when they are far apart and chance does not explain it. */
export function predictionsGuard({ predictions }: Pick<Evidence, 'predictions'>, { guards }: Plan): GuardReport {
  const { action, distance } = guards.predictions;
  const base = {
    guard: 'predictions',
    action: action === 'off' ? 'hold' : action,
    statistic: predictions.distance,
    threshold: distance,
    canary: null,
    stable: null,
    unit: 'distance',
  } as const;
  const [canary, stable] = [sum(predictions.canary), sum(predictions.stable)];
  if (action === 'off') return { ...base, verdict: 'off', detail: '' };
  if (canary === 0 && stable < firstJudgedAt) return { ...base, verdict: 'no-data', detail: 'none could be read' };
  if (predictions.judged === 0)
    return { ...base, verdict: 'unclear', detail: `${Math.min(canary, stable)} of ${firstJudgedAt} predictions` };
  const significant = predictions.p <= alphas.predictions;
  const detail = `Jensen-Shannon distance; p ${predictions.p.toPrecision(2)}, to condemn ${alphas.predictions}`;
  return { ...base, verdict: significant && predictions.distance >= distance ? 'condemns' : 'fine', detail };
}
