import { binOf } from '../statistics/fixed-histogram.ts';
import type { Baseline, Feature, FeatureConstraint, NumericFeature } from './baseline.ts';
import { type Instance, numberIn, type Value } from './payload.ts';
import { addTruths, noTruths, type TruthCounts } from './truth-counts.ts';

/** What was seen of one feature: whole numbers only, so that counts of replicas add up exactly, in any order. */
export interface FeatureCounts {
  /** As the baseline's bins; of opaque features one. */
  readonly bins: number[];
  /** Records without it, or with nothing in it. */
  missing: number;
  /** Of those, records without even its name. */
  absent: number;
  /** Values of another type than the baseline's. */
  wrong: number;
  /** Numbers below 0. */
  negative: number;
  /** Numbers below the least or above the greatest of the baseline; texts that the constraint's domain does not have. */
  outside: number;
  /** Sum of numbers, each as its distance from the baseline's mean in deviations, in fixed point: see `momentsOf`. */
  sum: number;
  /** Sum of the squares of those distances, in fixed point. */
  squares: number;
}

/** What was seen of a version in one pane of time; plain JSON. */
export interface PaneCounts {
  records: number;
  /** Payloads that told nothing. */
  unreadable: number;
  /** Records with a name the baseline does not have. */
  extra: number;
  readonly features: FeatureCounts[];
  readonly prediction: FeatureCounts;
  readonly truths: TruthCounts;
  /** Whether a region of the model was out. */
  disturbed: boolean;
}

/** Counts one value. */
type Count = (counts: FeatureCounts, value: Value | undefined, typed: boolean) => void;

/** Counts records under one baseline; made once per baseline, since it is on the way of every monitored call. */
export interface Counter {
  /** Nothing counted yet. */
  empty(): PaneCounts;
  addRecord(pane: PaneCounts, instance: Instance, typed: boolean): void;
  addPrediction(pane: PaneCounts, prediction: number | string): void;
}

/** A counter over the features of a baseline. */
export function counterFor({ features, prediction, constraints }: Baseline): Counter {
  const types = new Map(constraints.features.map(constraint => [constraint.name, constraint]));
  const counted = features.map(feature => ({ name: feature.name, count: countOf(feature, types.get(feature.name)) }));
  const countPrediction = prediction && countOf(prediction, undefined);
  return {
    empty: () => ({
      records: 0,
      unreadable: 0,
      extra: 0,
      features: features.map(emptyFeature),
      prediction: emptyFeature(prediction),
      truths: noTruths(),
      disturbed: false,
    }),
    addRecord: (pane, instance, typed) => {
      let known = 0;
      for (let index = 0; index < counted.length; index++) {
        const { name, count } = counted[index] as (typeof counted)[number];
        const value = instance.get(name);
        if (value !== undefined) known += 1;
        count(pane.features[index] as FeatureCounts, value, typed);
      }
      pane.records += 1;
      if (instance.size > known) pane.extra += 1;
    },
    addPrediction: (pane, value) => {
      if (countPrediction === undefined) pane.prediction.bins[0] = (pane.prediction.bins[0] ?? 0) + 1;
      else countPrediction(pane.prediction, value, true);
    },
  };
}

function emptyFeature(feature: Feature | undefined): FeatureCounts {
  const bins = new Array<number>(feature === undefined || feature.kind === 'opaque' ? 1 : feature.counts.length).fill(
    0,
  );
  return { bins, missing: 0, absent: 0, wrong: 0, negative: 0, outside: 0, sum: 0, squares: 0 };
}

function countOf(feature: Feature, constraint: FeatureConstraint | undefined): Count {
  const present = feature.kind === 'numeric' ? numbers(feature, constraint) : texts(feature, constraint);
  return (counts, value, typed) => {
    if (value === undefined || value === null) {
      counts.missing += 1;
      if (value === undefined) counts.absent += 1;
    } else present(counts, value, typed);
  };
}

/** Fixed point: whole numbers add up exactly, up to some millions of records at the farthest distance. */
const [sumUnits, squareUnits] = [2 ** 20, 2 ** 10];
/** In deviations; what is farther counts as so far. */
const farthest = 1_000;

/** A constant has no deviation of its own. */
function scaleOf(deviation: number): number {
  return deviation > 0 ? deviation : 1;
}

/** Mean and standard deviation of the numbers counted; undefined when there are none. */
export function momentsOf(
  { mean, deviation }: Pick<NumericFeature, 'mean' | 'deviation'>,
  { bins, sum, squares }: FeatureCounts,
): { readonly mean: number; readonly deviation: number } | undefined {
  const count = bins.reduce((total, each) => total + each, 0);
  if (count === 0) return undefined;
  const scale = scaleOf(deviation);
  const moved = sum / sumUnits / count;
  const variance = Math.max(0, squares / squareUnits / count - moved * moved);
  return { mean: mean + moved * scale, deviation: Math.sqrt(variance) * scale };
}

type CountPresent = (counts: FeatureCounts, value: Exclude<Value, null>, typed: boolean) => void;

function numbers(
  { edges, mean, deviation, min, max }: Extract<Feature, { kind: 'numeric' }>,
  constraint: FeatureConstraint | undefined,
): CountPresent {
  const whole = constraint?.type === 'Integral';
  const scale = scaleOf(deviation);
  return (counts, value, typed) => {
    const number = typeof value === 'string' && !typed ? numberIn(value) : value;
    if (typeof number !== 'number' || !Number.isFinite(number)) {
      counts.wrong += 1;
      return;
    }
    if (whole && !Number.isInteger(number)) counts.wrong += 1;
    if (number < 0) counts.negative += 1;
    if (number < min || number > max) counts.outside += 1;
    const bin = binOf(edges, number);
    counts.bins[bin] = (counts.bins[bin] ?? 0) + 1;
    const distance = Math.max(-farthest, Math.min(farthest, (number - mean) / scale));
    counts.sum += Math.round(distance * sumUnits);
    counts.squares += Math.round(distance * distance * squareUnits);
  };
}

function texts(
  feature: Exclude<Feature, { kind: 'numeric' }>,
  constraint: FeatureConstraint | undefined,
): CountPresent {
  const places = new Map(feature.kind === 'text' ? feature.values.map((value, index) => [value, index]) : []);
  const unseen = places.size;
  const isText = constraint?.type === 'String';
  const isNumber = constraint?.type === 'Integral' || constraint?.type === 'Fractional';
  const whole = constraint?.type === 'Integral';
  const domain = constraint?.domain;
  const allowed = feature.kind === 'text' ? feature.values.map(value => domain?.includes(value) ?? true) : [];
  // Only what no bin names is looked for a second time; and without either, no text is looked up at all.
  const unnamed = new Set(domain?.filter(value => !places.has(value)));
  return (counts, value, typed) => {
    if (isText && typed && typeof value === 'number') counts.wrong += 1;
    else if (isNumber && !isNumeric(value, typed, whole)) counts.wrong += 1;
    const text = unseen === 0 && domain === undefined ? '' : typeof value === 'string' ? value : String(value);
    const bin = unseen === 0 ? 0 : (places.get(text) ?? unseen);
    if (domain !== undefined && !(allowed[bin] ?? unnamed.has(text))) counts.outside += 1;
    counts.bins[bin] = (counts.bins[bin] ?? 0) + 1;
  };
}

function isNumeric(value: Exclude<Value, null>, typed: boolean, whole: boolean): boolean {
  const number = typeof value === 'string' && !typed ? numberIn(value) : value;
  return typeof number === 'number' && (whole ? Number.isInteger(number) : Number.isFinite(number));
}

/** Adds a pane's counts to another's, in place: exact, in any order. Both are of the same baseline. */
export function addPane(into: PaneCounts, pane: PaneCounts): void {
  into.records += pane.records;
  into.unreadable += pane.unreadable;
  into.extra += pane.extra;
  into.disturbed ||= pane.disturbed;
  for (const [index, counts] of into.features.entries()) addFeature(counts, pane.features[index]);
  addFeature(into.prediction, pane.prediction);
  addTruths(into.truths, pane.truths);
}

function addFeature(into: FeatureCounts, more: FeatureCounts | undefined): void {
  if (more === undefined) return;
  for (let bin = 0; bin < into.bins.length; bin++) into.bins[bin] = (into.bins[bin] ?? 0) + (more.bins[bin] ?? 0);
  into.missing += more.missing;
  into.absent += more.absent;
  into.wrong += more.wrong;
  into.negative += more.negative;
  into.outside += more.outside;
  into.sum += more.sum;
  into.squares += more.squares;
}
