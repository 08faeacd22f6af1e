/** A steady rate with a burst. */
export interface Rate {
  readonly perSecond: number;
  /** Calls at once, at least 1. */
  readonly burst: number;
}

/** What the generic cell rate algorithm decides: when the next call would be due, and how long this one must wait. */
export interface GcraDecision {
  /** Theoretical arrival time of the next call, ms; unchanged when this one is refused. */
  readonly dueAt: number;
  /** 0 for a call that may go. */
  readonly waitMs: number;
}

/**
 * The generic cell rate algorithm (ITU-T I.371, virtual scheduling): calls are due one emission interval after another,
 * and may come up to a burst early. The Lua script of the state store decides the same.
 * @param dueAt of the call before, ms; anything up to `now` counts as never
 */
export function gcra(dueAt: number, now: number, { perSecond, burst }: Rate): GcraDecision {
  const intervalMs = 1_000 / perSecond;
  const toleranceMs = intervalMs * burst;
  // A time further ahead than any burst reaches was written by a clock that ran ahead.
  const from = Math.min(Math.max(dueAt, now), now + toleranceMs);
  const next = from + intervalMs;
  const waitMs = next - now - toleranceMs;
  return waitMs > 1e-6 ? { dueAt: from, waitMs } : { dueAt: next, waitMs: 0 };
}
