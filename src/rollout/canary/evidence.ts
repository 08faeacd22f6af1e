import { type MeanDifference, noMeanDifference } from '../../statistics/mean-difference.ts';
import type { Moments } from '../../statistics/moments.ts';
import { noRateDifference, type RateDifference } from '../../statistics/rate-difference.ts';
import { newRateTest, type RateTest } from '../../statistics/rate-test.ts';
import { noSampleRatio, type SampleRatioTest } from '../../statistics/sample-ratio.ts';
import type { CallerEvidence } from './callers.ts';
import { type Both, type Counts, type MirroredCounts, noMirrored } from './counts.ts';
import type { DrawnEvidence } from './gather-drawn.ts';
import type { OpenStrata } from './open-strata.ts';

/** Counts of one side of a region since the canary began, left out looks aside. */
export interface Totals {
  readonly calls: number;
  readonly errors: number;
  readonly callerFaults: number;
  readonly misconfigured: number;
}

/** What is known of predictions: the step's counts by key, and how the last judgement went, of whichever step. */
export interface PredictionEvidence {
  readonly canary: Counts;
  readonly stable: Counts;
  /** Judged so often since the canary began. */
  readonly judged: number;
  /** Canary's predictions at the step's last judgement. */
  readonly judgedAt: number;
  readonly p: number;
  readonly distance: number;
}

/** Means compared within strata, stable's times 1 + the margin: what is above nothing is more than the margin allows. */
export interface MeanEvidence {
  readonly sum: MeanDifference;
  /** Values of each side in the sum. */
  readonly values: Both<number>;
  /** By `region/share`: values that wait until there are enough for a stratum. */
  readonly open: Readonly<Record<string, Both<Moments>>>;
  /** Variance at which the bounds are tightest: fixed once enough is known, so that it does not follow the data. */
  readonly tightestAt: number | undefined;
}

/** Everything the verdict remembers between looks; plain JSON, a few kilobytes. */
export interface Evidence {
  readonly regions: Readonly<Record<string, Both<Totals>>>;
  /** Calls counted there that are not yet compared; undefined in records of before any waited. */
  readonly open?: OpenStrata;
  readonly errors: RateTest;
  /** Error rates of this step alone; undefined in records of before this was kept. */
  readonly stepErrors?: RateDifference;
  readonly callerFaults: RateTest;
  readonly latency: {
    /** Stable's answers by bin of latency, per region. */
    readonly seen: Readonly<Record<string, readonly number[]>>;
    readonly p50: RateTest;
    readonly p95: RateTest;
    /** Of all regions, to be shown. */
    readonly all: Both<readonly number[]>;
  };
  readonly predictions: PredictionEvidence;
  /** How alike calls of one caller are; undefined in records of before this was kept. */
  readonly callers?: CallerEvidence;
  readonly cost: MeanEvidence;
  readonly loss: MeanEvidence;
  readonly sampleRatio: SampleRatioTest;
  /** What it is made of; undefined while nobody was drawn. */
  readonly drawn?: DrawnEvidence;
  /** Of all replicas; undefined in records of before this was kept. */
  readonly mirrored?: MirroredCounts;
  /** Longest run of failures of the canary now, and the region it is in. */
  readonly run: { readonly length: number; readonly region: string };
}

/** Of a canary that has seen nothing. */
export function noEvidence(): Evidence {
  const noMeans: MeanEvidence = {
    ...{ sum: noMeanDifference, values: { canary: 0, stable: 0 }, open: {}, tightestAt: undefined },
  };
  return {
    regions: {},
    open: {},
    errors: newRateTest(),
    stepErrors: noRateDifference,
    callerFaults: newRateTest(),
    latency: { seen: {}, p50: newRateTest(), p95: newRateTest(), all: { canary: [], stable: [] } },
    predictions: { canary: {}, stable: {}, judged: 0, judgedAt: 0, p: 1, distance: 0 },
    cost: noMeans,
    loss: noMeans,
    sampleRatio: noSampleRatio,
    mirrored: noMirrored,
    run: { length: 0, region: '' },
  };
}

/** Of nothing. */
export const noTotals: Totals = { calls: 0, errors: 0, callerFaults: 0, misconfigured: 0 };

/** Both sides over all regions. */
export function totalsOf({ regions }: Pick<Evidence, 'regions'>): Both<Totals> {
  const sum = { canary: noTotals, stable: noTotals };
  for (const { canary, stable } of Object.values(regions)) {
    sum.canary = addTotals(sum.canary, canary);
    sum.stable = addTotals(sum.stable, stable);
  }
  return sum;
}

/** Sum of two. */
export function addTotals(left: Totals | undefined, right: Totals): Totals {
  if (left === undefined) return right;
  return {
    calls: left.calls + right.calls,
    errors: left.errors + right.errors,
    callerFaults: left.callerFaults + right.callerFaults,
    misconfigured: left.misconfigured + right.misconfigured,
  };
}
