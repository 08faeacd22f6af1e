/** Time as an argument, so that tests can move it by hand. */
export interface Clock {
  /** Monotonic milliseconds, for durations. */
  now(): number;
  /** Milliseconds since the epoch, for signatures, expiry and the `Date` header. */
  wallMs(): number;
  /** Calls `run` once after `delayMs`; returns a way to cancel. */
  after(delayMs: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wallMs: () => Date.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Resolves after `delayMs`; without a timer, and so at once, when there is nothing to wait for. */
export function sleep(clock: Clock, delayMs: number): Promise<void> {
  if (delayMs <= 0) return Promise.resolve();
  return new Promise(resolve => clock.after(delayMs, resolve));
}

/** The same clock, whose pending timers can all be cancelled at once. What waited on them never goes on. */
export function stoppableClock(clock: Clock): Clock & { stop(): void } {
  const pending = new Set<() => void>();
  return {
    now: clock.now,
    wallMs: clock.wallMs,
    after: (delayMs, run) => {
      const cancel = clock.after(delayMs, () => {
        pending.delete(cancel);
        run();
      });
      pending.add(cancel);
      return () => {
        pending.delete(cancel);
        cancel();
      };
    },
    stop: () => {
      for (const cancel of pending) cancel();
      pending.clear();
    },
  };
}
