import type { BreakerState } from '../core/events.ts';

/**
 * `eject`: our rules found the target ill. `ejection-over`: its time is up. `recovered`: it answered well enough to
 * serve again, seen from half-open or, by a fail-open call, while still open.
 */
export type BreakerEvent = 'eject' | 'ejection-over' | 'recovered';

/** Every move there is. An event without an entry changes nothing. */
const transitions = {
  closed: { eject: 'open' },
  open: { 'ejection-over': 'half-open', recovered: 'closed' },
  'half-open': { eject: 'open', recovered: 'closed' },
} as const satisfies Record<BreakerState, Partial<Record<BreakerEvent, BreakerState>>>;

/** The state after `event`, or undefined when it changes nothing. Pure. */
export function nextState(state: BreakerState, event: BreakerEvent): BreakerState | undefined {
  const row: Partial<Record<BreakerEvent, BreakerState>> = transitions[state];
  return row[event];
}

/** Holds one target's state. It is told what happened and decides nothing; it never sees a call. */
export interface Breaker {
  readonly state: BreakerState;
  /** Grows with each ejection and each return: a call that began under another epoch says nothing about this one. */
  readonly epoch: number;
  /** Follows the table. False when the event changed nothing. */
  apply(event: BreakerEvent): boolean;
  /** Gives up its timers; the state stays what it was. */
  stop(): void;
}
