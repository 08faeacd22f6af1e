/** Numbers in bins whose edges never change: bin i holds what is at least edge i − 1 and below edge i. */
export interface NumericFeature {
  readonly kind: 'numeric';
  readonly name: string;
  readonly integral: boolean;
  /** Ascending; one less than there are bins, whose first and last are open. */
  readonly edges: readonly number[];
  /** Of the baseline, by bin. */
  readonly counts: readonly number[];
  readonly missing: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** Of the population. */
  readonly deviation: number;
}

/** Texts by value; those that the baseline does not name have one bin of their own, after the named. */
export interface TextFeature {
  readonly kind: 'text';
  readonly name: string;
  readonly values: readonly string[];
  /** One more than there are values: the last are those not named. */
  readonly counts: readonly number[];
  readonly missing: number;
}

/** Texts that hardly repeat, such as dates and identifiers: only whether they are there can be watched. */
export interface OpaqueFeature {
  readonly kind: 'opaque';
  readonly name: string;
  readonly present: number;
  readonly missing: number;
}

/** One feature as it was when all was well. */
export type Feature = NumericFeature | TextFeature | OpaqueFeature;

/** What a feature must keep to (`constraints.json` of Model Monitor). */
export interface FeatureConstraint {
  readonly name: string;
  readonly type: 'Integral' | 'Fractional' | 'String' | 'Unknown';
  /** Least share of values that are there, 0 to 1. */
  readonly completeness: number;
  readonly nonNegative: boolean;
  /** Texts it may be; undefined: any. */
  readonly domain: readonly string[] | undefined;
}

/** Constraints, and how much of a window may break them. */
export interface Constraints {
  readonly features: readonly FeatureConstraint[];
  /** Whether they are looked at. */
  readonly enabled: boolean;
  /** Whether distributions are compared. */
  readonly compares: boolean;
  /** Share of values that may be of another type. */
  readonly typeTolerance: number;
  /** Share of values that may be outside the domain. */
  readonly domainTolerance: number;
}

/** How well a version did against ground truth when the baseline was made. */
export interface BaselinePerformance {
  readonly truths: number;
  /** By name of the measure. */
  readonly measures: Readonly<Record<string, number>>;
}

/** What a version's traffic is compared with. */
export interface Baseline {
  readonly records: number;
  readonly features: readonly Feature[];
  /** Of its predictions; undefined until it is learned. */
  readonly prediction: Feature | undefined;
  readonly performance: BaselinePerformance | undefined;
  readonly constraints: Constraints;
}

/** Values that are there. */
export function presentOf(feature: Feature): number {
  return feature.kind === 'opaque' ? feature.present : feature.counts.reduce((sum, count) => sum + count, 0);
}
