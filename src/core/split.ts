import type { Version } from './model.ts';

/** Where a call stands in a running canary: which side hash or chance chose for it. */
export interface Arm {
  /** Of the canary. */
  readonly canary: string;
  readonly side: 'stable' | 'canary';
}

/** The versions one call can reach: the chosen one first, then those that serve when all its targets fail. */
export interface Split {
  readonly versions: readonly Version[];
  /** Absent when no canary runs, or the call cannot reach it: such a call is outside the experiment. */
  readonly arm?: Arm;
}
