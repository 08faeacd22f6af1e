import { type Moments, mergeMoments } from '../../statistics/moments.ts';
import type { Callers } from './callers.ts';

/** The two sides of the experiment. */
export const sides = ['canary', 'stable'] as const;
/** One of them. */
export type Side = (typeof sides)[number];
/** Something of each side. */
export type Both<T> = Readonly<Record<Side, T>>;

/**
 * Counters by name, so that those of replicas add up and those before a look can be taken away. The names:
 * `n|e|f|m/side/region` calls, errors, caller's faults, gateway's own faults; `g|h/side/region` calls of callers who had made
 * one in this step, and refusals among them; `l/side/region/bin` latencies;
 * `p/side/key` predictions; `$|q/side/n|s|ss/region/share` cost and loss of the calls drawn with this share: how many,
 * sum, sum of squares; `d|k/side/share` calls of nobody known, and callers who come again, as one process saw them, that were
 * finished while the share was in force; `s/canary/made|agreed|failed` mirrored calls; `c/side/likeness/n|s|x/region/group`
 * values of callers who come again, see `addCallerCount`.
 */
export type Counts = Readonly<Record<string, number>>;

/** Sum of counters. */
export function addCounts(all: Iterable<Counts>): Counts {
  const sum: Record<string, number> = {};
  for (const counts of all) for (const [key, count] of Object.entries(counts)) sum[key] = (sum[key] ?? 0) + count;
  return sum;
}

/** What was counted after `before`; names that did not change are left out. */
export function countsSince(now: Counts, before: Counts): Counts {
  const grown = Object.entries(now).flatMap(([key, count]) => {
    const more = count - (before[key] ?? 0);
    return more === 0 ? [] : [[key, more] as const];
  });
  return Object.fromEntries(grown);
}

/** First attempts of one side in one region. */
export interface RegionCounts {
  readonly calls: number;
  readonly errors: number;
  readonly callerFaults: number;
  readonly misconfigured: number;
  /** Calls of callers who had made one in this step, and how many of these were refused. */
  readonly again: number;
  readonly refusedAgain: number;
  /** Answers by upstream time, see `latencyEdges`: one more than edges. */
  readonly latency: readonly number[];
  readonly callers: Callers;
}

/** Calls that were mirrored in the shadow stage: how many were made, and how those went. */
export interface MirroredCounts {
  readonly made: number;
  readonly agreed: number;
  /** Answered with an error, or not in time, or not made as every target was ejected. */
  readonly failed: number;
}

/** Of nothing. */
export const noMirrored: MirroredCounts = { made: 0, agreed: 0, failed: 0 };

/** Values of both sides by where, and with which share, their calls were drawn. */
export type Strata = ReadonlyMap<string, Both<Moments>>;

/** The region of a key of `Strata`. */
export function regionOfStratum(key: string): string {
  return key.slice(0, key.lastIndexOf('/'));
}

/** Whoever was drawn while one share was in force. */
export interface DrawnCounts {
  /** Calls, each of them drawn. */
  readonly once: Both<number>;
  /** Callers who come again, so that each process may have counted the same ones. */
  readonly returning: Both<number>;
}

/** Counters put in order. */
export interface ReadCounts {
  readonly regions: ReadonlyMap<string, Both<RegionCounts>>;
  readonly predictions: Both<Counts>;
  /** By `region/share`. */
  readonly cost: Strata;
  readonly loss: Strata;
  /** By share, 0 to 1. */
  readonly drawn: ReadonlyMap<number, DrawnCounts>;
  readonly mirrored: MirroredCounts;
}

const steps = 105;
/** Upper bounds of latency bins, ms: 1 ms to 167 s, twelve percent apart, so that no margin is rounded by more. */
export const latencyEdges: readonly number[] = Array.from({ length: steps }, (_, index) =>
  Number((1.1226 ** index).toPrecision(6)),
);

/** Sum of two. */
export function addMirrored(left: MirroredCounts = noMirrored, right: MirroredCounts): MirroredCounts {
  return {
    made: left.made + right.made,
    agreed: left.agreed + right.agreed,
    failed: left.failed + right.failed,
  };
}

/** Moments of two samples together. */
export function mergeBoth(left: Both<Moments>, right: Both<Moments>): Both<Moments> {
  return {
    canary: mergeMoments(left.canary, right.canary),
    stable: mergeMoments(left.stable, right.stable),
  };
}
