import type { BreakerState, EjectionReason, RegionState } from '../core/events.ts';
import type { Priority } from '../core/priority.ts';
import type { AttemptResult } from '../core/result.ts';
import type { Target } from '../core/target.ts';

/** Why a target may not be used now; `reserved`: what is free is kept for more important calls. */
export type Unavailable = 'drained' | 'evacuated' | 'ejected' | 'throttled' | 'reserved' | 'full';

/** The one answer to "may we send there?". `trial` means: one caller's request, because it is half-open. */
export type Availability =
  | { readonly usable: true; readonly trial: boolean }
  | { readonly usable: false; readonly why: Unavailable };

/** A slot on a target, taken for one attempt and settled exactly once, in a `finally`. */
export interface Permit {
  /** Gives the slot back and tells outlier rules and breaker. A second call does nothing. */
  settle(result: AttemptResult): void;
  /** Gives the slot back without a verdict: the attempt was never made. */
  release(): void;
}

/** `trial` needs another candidate behind it; `fail-open` goes outside the breaker; the rest are ordinary calls. */
export type PermitReason = 'call' | 'trial' | 'fail-open' | 'probe';

/** State of a target for operators, explain and metrics. */
export interface TargetHealth {
  readonly breaker: BreakerState;
  readonly availability: Availability;
  readonly inFlight: number;
  /** Calls this replica may have in flight there. */
  readonly slots: number;
  /** Ejections in a row; 0 when it served well since. */
  readonly ejections: number;
  readonly reason: EjectionReason | undefined;
  /** Human words on the last ejection, for operators only. */
  readonly detail: string | undefined;
  /** Milliseconds until the next trial; 0 when not ejected. */
  readonly ejectedForMs: number;
  /** Milliseconds for which it asked to be left alone; 0 when it did not. */
  readonly throttledForMs: number;
  /** Share of ordinary traffic it should get now, 0 to 1: slow start and throttling shed weight. */
  readonly share: number;
}

/** What the request path and routing see of health. Measures nothing and ranks nothing. */
export interface Health {
  available(target: Target, priority?: Priority): Availability;
  /** Takes a slot, or undefined if the target became unavailable for this reason meanwhile. */
  acquire(target: Target, reason: PermitReason, priority?: Priority): Permit | undefined;
  /** See `TargetHealth.share`; cheap, called per request. */
  share(target: Target): number;
  inFlight(target: Target): number;
  /**
   * Resolves true when a slot of any of these may be free, false after `waitMs` or abort. At most a bounded number wait,
   * the more important first; and slots are kept for them from then on.
   */
  waitForSlot(targets: readonly Target[], waitMs: number, signal: AbortSignal, priority?: Priority): Promise<boolean>;
  /** Whether the fail-open rate lets one more call go to this ejected target. Consumes the allowance. */
  mayFailOpen(target: Target): boolean;
  describe(target: Target): TargetHealth;
  region(name: string): RegionState;
}
