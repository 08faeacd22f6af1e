import type { ReadCounts } from './counts.ts';

/** Failures of the canary in a row in one region, of one replica, up to now. */
export interface Run {
  readonly region: string;
  readonly length: number;
  /** Calls of stable's in the same region between the first failure and the last. */
  readonly stableOk: number;
  readonly stableBad: number;
}

/** What the replicas saw since the last look. */
export interface Look {
  /** Wall-clock ms. */
  readonly atMs: number;
  readonly counts: ReadCounts;
  readonly runs: readonly Run[];
  /** Regions that are ill as health sees them, in words. */
  readonly ill: ReadonlyMap<string, string>;
  /** Processes that counted returning callers since the last look; the same caller may be counted by each. */
  readonly callersOf: readonly string[];
}
