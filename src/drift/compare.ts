import { chiSquareTwoSample, stabilitySignificance } from '../statistics/contingency.ts';
import { jensenShannonDistance, largestDifference, populationStability, sharesOf } from '../statistics/distances.ts';
import { kolmogorovSmirnovOfCounts } from '../statistics/kolmogorov-smirnov.ts';
import { normedDistance, wassersteinOfCounts } from '../statistics/wasserstein.ts';
import type { Feature, NumericFeature } from './baseline.ts';
import { type FeatureCounts, momentsOf } from './counts.ts';
import type { Effect } from './options.ts';

/** How far a window's feature is from the baseline's. */
export interface Comparison {
  /** Every effect size that applies. */
  readonly effects: Readonly<Partial<Record<Effect, number>>>;
  /** Chance of a difference as great without drift: by the test that goes with the effect. */
  readonly p: Readonly<Partial<Record<Effect, number>>>;
  /** Values in the window. */
  readonly sample: number;
}

/**
 * Compares a feature's window with its baseline, over the baseline's bins and one for what is missing. Undefined where
 * there is nothing to compare: opaque features, an empty side.
 */
export function compare(feature: Feature, counts: FeatureCounts): Comparison | undefined {
  if (feature.kind === 'opaque') return undefined;
  const before = [...feature.counts, feature.missing];
  const now = [...counts.bins, counts.missing];
  const [n, m] = [total(before), total(now)];
  if (n === 0 || m === 0) return undefined;
  const [expected, actual] = [sharesOf(before), sharesOf(now)];
  const test = chiSquareTwoSample(before, now);
  const used = before.filter((count, bin) => count > 0 || (now[bin] ?? 0) > 0).length;
  const psi = populationStability(expected, actual);
  const ordered = feature.kind === 'numeric' ? compareNumbers(feature, counts) : undefined;
  return {
    effects: {
      psi,
      'jensen-shannon': jensenShannonDistance(expected, actual),
      'l-infinity': largestDifference(expected, actual),
      'cramers-v': Math.sqrt(test.statistic / (n + m)),
      ...ordered?.effects,
    },
    p: {
      psi: stabilitySignificance(psi, n, m, used).p,
      'jensen-shannon': test.p,
      'l-infinity': test.p,
      'cramers-v': test.p,
      ...ordered?.p,
    },
    sample: m,
  };
}

/** What needs an order, over the values that are there. */
function compareNumbers(feature: NumericFeature, counts: FeatureCounts): Pick<Comparison, 'effects' | 'p'> | undefined {
  const count = total(counts.bins);
  if (count === 0 || total(feature.counts) === 0) return undefined;
  const { distance, p } = kolmogorovSmirnovOfCounts(feature.counts, counts.bins);
  // Outside the baseline's range the bins know no distances; the means, which are exact, are never further apart.
  const moved = Math.abs((momentsOf(feature, counts)?.mean ?? feature.mean) - feature.mean);
  const earth = Math.max(moved, wassersteinOfCounts(...withinRange(feature, counts.bins)));
  return {
    effects: { 'kolmogorov-smirnov': distance, wasserstein: normedDistance(earth, feature.deviation) },
    p: { 'kolmogorov-smirnov': p, wasserstein: p },
  };
}

/** The open bins at the ends reach to the baseline's least and greatest value. */
function withinRange(
  { edges, counts, min, max }: NumericFeature,
  bins: readonly number[],
): Parameters<typeof wassersteinOfCounts> {
  const first = Math.min(min, edges[0] ?? min);
  const last = Math.max(max, edges.at(-1) ?? max);
  return [
    [first, ...edges, last],
    [0, ...counts, 0],
    [0, ...bins, 0],
  ];
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
