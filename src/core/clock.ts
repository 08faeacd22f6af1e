/** Time as an argument: everything outside `core/` is handed a `Clock`, so that tests drive it by hand. */
export interface Clock {
  /** Monotonic milliseconds, for durations and deadlines. */
  now(): number;
  /** Wall-clock milliseconds since the epoch, for what is signed, stored or shared. */
  wallMs(): number;
  /** Calls `run` once after `delayMs`; returns a way to cancel. Never keeps the process alive. */
  after(delayMs: number, run: () => void): Cancel;
  /** Calls `run` every `periodMs`; returns a way to stop. Never keeps the process alive. */
  every(periodMs: number, run: () => void): Cancel;
}

/** Undoes what was set; harmless when it is over already. */
export type Cancel = () => void;

/** What a timer of Node's can take. */
const longestTimerMs = 2 ** 31 - 1;

/** The machine's own clocks. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallMs: () => Date.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
  every: (periodMs, run) => {
    const timer = setInterval(run, periodMs);
    timer.unref();
    return () => clearInterval(timer);
  },
};

/** Keeps the process alive until it is called off: for who waits for a `Clock` alone, as a status drawn anew does. */
export function keepAlive(): Cancel {
  const timer = setInterval(() => {}, longestTimerMs);
  return () => clearInterval(timer);
}

/** Resolves after `delayMs` on `clock`, or at once when `signal` aborts. Never rejects. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal?.aborted) return resolve();
    const done = () => {
      cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(delayMs, done);
    signal?.addEventListener('abort', done, { once: true });
  });
}

/** A timer later than this was held up; the loop's ordinary delays are far below. */
const heldUpMs = 50;
/** Enough to read what the kernel holds for all connections. */
const readWaitingMs = 20;

/**
 * Calls `run` when something remote took longer than `limitMs`. A timer that fires late shows that this process was held
 * up, by a paused machine or a busy loop, and what it waits for may have been there all the while: then what has arrived
 * is read first. Returns a way to cancel.
 */
export function timeLimit(clock: Clock, limitMs: number, run: () => void): Cancel {
  const dueAt = clock.now() + limitMs;
  let cancel = clock.after(limitMs, () => {
    if (clock.now() - dueAt < heldUpMs) run();
    else cancel = clock.after(readWaitingMs, run);
  });
  return () => cancel();
}
