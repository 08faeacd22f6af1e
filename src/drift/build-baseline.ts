import {
  type Baseline,
  type BaselinePerformance,
  type OpaqueFeature,
  presentOf,
  type TextFeature,
} from './baseline.ts';
import { type BinOptions, describe, describeFeatures, usualBins } from './describe.ts';
import { suggestConstraints } from './model-monitor.ts';
import { type Instance, numberIn, type Value } from './payload.ts';
import type { RecentRecord } from './reference-ring.ts';

/** What a baseline is made of. */
export interface BaselineSource {
  readonly instances: readonly Instance[];
  /** False where all values are texts. */
  readonly typed: boolean;
  readonly predictions: readonly (number | string)[];
  readonly performance: BaselinePerformance | undefined;
}

/** Names the predictions in a baseline. */
export const predictionName = 'prediction';

/** A baseline of these records: bins frozen, constraints what the records kept to. */
export function buildBaseline(source: BaselineSource, options: BinOptions = usualBins): Baseline {
  const { instances, typed, predictions, performance } = source;
  const features = describeFeatures(instances, typed, options);
  return {
    records: instances.length,
    features,
    prediction: predictions.length === 0 ? undefined : describe(predictionName, predictions, true, options),
    performance,
    constraints: suggestConstraints(features),
  };
}

/**
 * The same of records that came in different forms: numbers in CSV are numbers. Texts that hardly repeated in the former
 * baseline are still no categories, though among the newest records they may repeat: all are of the same day, say.
 */
export function baselineOfRecent(
  records: readonly RecentRecord[],
  performance: BaselinePerformance | undefined,
  former: Baseline | undefined,
): Baseline {
  const instances = records.map(({ instance, typed }) => (typed ? instance : withNumbers(instance)));
  const predictions = records.flatMap(({ prediction }) => prediction ?? []);
  const baseline = buildBaseline({ instances, typed: true, predictions, performance });
  const opaque = new Set(former?.features.flatMap(({ kind, name }) => (kind === 'opaque' ? [name] : [])));
  const features = baseline.features.map(feature =>
    feature.kind === 'text' && opaque.has(feature.name) ? withoutCategories(feature) : feature,
  );
  return { ...baseline, features, constraints: suggestConstraints(features) };
}

function withoutCategories(feature: TextFeature): OpaqueFeature {
  return { kind: 'opaque', name: feature.name, present: presentOf(feature), missing: feature.missing };
}

function withNumbers(instance: Instance): Instance {
  const typed = new Map<string, Value>();
  for (const [name, value] of instance) typed.set(name, typeof value === 'string' ? (numberIn(value) ?? value) : value);
  return typed;
}
