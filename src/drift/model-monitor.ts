import {
  type Constraints,
  type Feature,
  type FeatureConstraint,
  type NumericFeature,
  presentOf,
  type TextFeature,
} from './baseline.ts';
import { type ConstraintsFile, mostBins, type StatisticsFile } from './baseline-schema.ts';
import { edgesAround } from './describe.ts';

type FileFeature = StatisticsFile['features'][number];

/** The features that a `statistics.json` tells of; bins as its buckets have them, whatever made it. */
export function featuresOf({ features }: StatisticsFile): readonly Feature[] {
  return features.map(each => numericOf(each) ?? textOf(each) ?? opaqueOf(each));
}

type Bucket = { readonly lower_bound: number; readonly upper_bound: number; readonly count: number };

/** The buckets of a feature's numbers; none where it has no numbers to tell of. */
function bucketsOf({ numerical_statistics: statistics }: FileFeature): readonly Bucket[] {
  const buckets = statistics?.distribution?.kll?.buckets ?? [];
  return buckets.flatMap(({ lower_bound, upper_bound, count }) =>
    typeof lower_bound === 'number' && typeof upper_bound === 'number' ? [{ lower_bound, upper_bound, count }] : [],
  );
}

/** Features whose buckets do not follow each other, in words. */
export function disordered({ features }: StatisticsFile): readonly string[] {
  const follow = (buckets: readonly Bucket[]) =>
    buckets.every(
      ({ lower_bound, upper_bound }, index) =>
        lower_bound <= upper_bound && upper_bound >= (buckets[index - 1]?.upper_bound ?? Number.NEGATIVE_INFINITY),
    );
  return features.flatMap(each => (follow(bucketsOf(each)) ? [] : [`the buckets of ${each.name} do not ascend`]));
}

/** Features of which nothing at all is told, in words. */
export function untold({ features }: StatisticsFile): readonly string[] {
  return features.flatMap(({ name, inferred_type, numerical_statistics, string_statistics }) => {
    const told = numerical_statistics !== undefined || string_statistics !== undefined || inferred_type === 'Unknown';
    return told ? [] : [`${name} has no statistics`];
  });
}

function numericOf(feature: FileFeature): NumericFeature | undefined {
  const { name, inferred_type, numerical_statistics: statistics } = feature;
  const buckets = bucketsOf(feature);
  const [first] = buckets;
  const last = buckets.at(-1);
  if (statistics === undefined || first === undefined || last === undefined) return undefined;
  const { edges, counts } = first.lower_bound < last.upper_bound ? binsOf(buckets) : constantBins(buckets);
  const figure = (value: number | string | undefined, otherwise: number) =>
    typeof value === 'number' ? value : otherwise;
  return {
    kind: 'numeric',
    name,
    integral: inferred_type === 'Integral',
    edges,
    counts,
    missing: statistics.common.num_missing,
    min: figure(statistics.min, first.lower_bound),
    max: figure(statistics.max, last.upper_bound),
    mean: figure(statistics.mean, (first.lower_bound + last.upper_bound) / 2),
    deviation: Math.max(0, figure(statistics.std_dev, (last.upper_bound - first.lower_bound) / 4)),
  };
}

function constantBins(buckets: readonly Bucket[]) {
  const count = buckets.reduce((sum, each) => sum + each.count, 0);
  return { edges: edgesAround(buckets[0]?.lower_bound ?? 0), counts: [0, count, 0] };
}

/** Between buckets lie edges; one without width is of the next: it begins where that does. */
function binsOf(buckets: readonly Bucket[]) {
  const edges: number[] = [];
  const counts = [0];
  for (const [index, { lower_bound, upper_bound, count }] of buckets.entries()) {
    counts[counts.length - 1] = (counts.at(-1) ?? 0) + count;
    const known = Math.max(lower_bound, edges.at(-1) ?? Number.NEGATIVE_INFINITY);
    if (index === buckets.length - 1 || upper_bound <= known) continue;
    edges.push(upper_bound);
    counts.push(0);
  }
  return { edges, counts };
}

function textOf({ name, string_statistics: statistics }: FileFeature): TextFeature | undefined {
  const buckets = statistics?.distribution?.categorical?.buckets ?? [];
  if (statistics === undefined || buckets.length === 0) return undefined;
  const named = buckets.reduce((sum, { count }) => sum + count, 0);
  const rest = Math.max(0, statistics.common.num_present - named);
  const { num_present: present, num_missing: missing } = statistics.common;
  // Texts that hardly repeat: their handful of buckets says nothing of the next ones.
  if (rest > present / 2) return undefined;
  const byValue = new Map<string, number>();
  for (const { value, count } of buckets) byValue.set(value, (byValue.get(value) ?? 0) + count);
  const kept = byValue.size <= mostBins ? [...byValue] : mostFrequent(byValue);
  const others = rest + named - kept.reduce((sum, [, count]) => sum + count, 0);
  const values = kept.map(([value]) => value);
  return { kind: 'text', name, values, counts: [...kept.map(([, count]) => count), others], missing };
}

function mostFrequent(counts: ReadonlyMap<string, number>): readonly (readonly [string, number])[] {
  return [...counts].sort(([, a], [, b]) => b - a).slice(0, mostBins);
}

function opaqueOf({ name, string_statistics, numerical_statistics }: FileFeature): Feature {
  const common = string_statistics?.common ?? numerical_statistics?.common;
  return { kind: 'opaque', name, present: common?.num_present ?? 0, missing: common?.num_missing ?? 0 };
}

/** The constraints of a `constraints.json`. */
export function constraintsOf({ features, monitoring_config: config }: ConstraintsFile): Constraints {
  return {
    features: features.map(({ name, inferred_type, completeness, num_constraints, string_constraints }) => ({
      name,
      type: inferred_type,
      completeness: completeness ?? 0,
      nonNegative: num_constraints?.is_non_negative ?? false,
      domain: string_constraints?.domains,
    })),
    enabled: config?.evaluate_constraints !== 'Disabled',
    compares: config?.distribution_constraints?.perform_comparison !== 'Disabled',
    typeTolerance: toleranceOf(config?.datatype_check_threshold),
    domainTolerance: toleranceOf(config?.domain_content_threshold),
  };
}

/** Files of 2019 to 2022 say 1.0, all must match; newer ones 0.1, a tenth may not. */
function toleranceOf(threshold: number | undefined): number {
  if (threshold === undefined) return 0;
  return threshold >= 0.5 ? 1 - threshold : threshold;
}

/** What is expected of features from now on: what they kept to in the baseline. */
export function suggestConstraints(features: readonly Feature[]): Constraints {
  return {
    features: features.map(suggest),
    enabled: true,
    compares: true,
    typeTolerance: usualTolerance,
    domainTolerance: usualTolerance,
  };
}

const usualTolerance = 0.1;

function suggest(feature: Feature): FeatureConstraint {
  const present = presentOf(feature);
  const all = present + feature.missing;
  const type = feature.kind === 'numeric' ? (feature.integral ? 'Integral' : 'Fractional') : 'String';
  return {
    name: feature.name,
    type: all === feature.missing ? 'Unknown' : type,
    completeness: all === 0 ? 0 : present / all,
    nonNegative: feature.kind === 'numeric' && feature.min >= 0,
    // Where the baseline itself has texts beside those it names, the named are no domain.
    domain: feature.kind === 'text' && feature.counts.at(-1) === 0 ? feature.values : undefined,
  };
}

/** As Model Monitor writes it. */
export function constraintsFile(constraints: Constraints): ConstraintsFile & object {
  const { features, typeTolerance, domainTolerance, enabled, compares } = constraints;
  const on = (value: boolean) => (value ? 'Enabled' : 'Disabled');
  return {
    version: 0,
    features: features.map(({ name, type, completeness, nonNegative, domain }) => ({
      name,
      inferred_type: type,
      completeness,
      ...((type === 'Integral' || type === 'Fractional') && { num_constraints: { is_non_negative: nonNegative } }),
      ...(domain !== undefined && { string_constraints: { domains: [...domain] } }),
    })),
    monitoring_config: {
      evaluate_constraints: on(enabled),
      emit_metrics: 'Enabled',
      datatype_check_threshold: typeTolerance,
      domain_content_threshold: domainTolerance,
      distribution_constraints: {
        perform_comparison: on(compares),
        comparison_threshold: 0.1,
        comparison_method: 'Robust',
        categorical_comparison_threshold: 0.1,
        categorical_drift_method: 'LInfinity',
      },
    },
  };
}
