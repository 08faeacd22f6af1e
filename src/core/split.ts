import type { Version } from './model.ts';

/** Where a call stands in a running canary: which side hash or chance chose for it. */
export interface Arm {
  /** Of the canary. */
  readonly canary: string;
  readonly side: 'stable' | 'canary';
  /** Of calls that went to the canary when this one was drawn, 0 to 1. */
  readonly share: number;
  /** Of a caller who comes again and sticks to a side: one of a few groups that callers are in by hash. */
  readonly group?: number;
}

/** A call of a running canary, remembered until what really happened is told. */
export interface DrawnCall {
  readonly arm: Arm;
  /** Where it was answered. */
  readonly region: string;
  /** Wall clock, ms. */
  readonly answeredAtMs: number;
}

/** A job of a canary's experiment, once a target has taken it. */
export interface DrawnJob {
  /** What its call is counted under. */
  readonly trial: string;
  readonly side: Arm['side'];
}

/** The versions one call can reach: the chosen one first, then those that serve when all its targets fail. */
export interface Split {
  readonly versions: readonly Version[];
  /** Absent when no canary runs, or the call cannot reach it: such a call is outside the experiment. */
  readonly arm?: Arm;
}
