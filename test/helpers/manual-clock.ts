import type { Cancel, Clock } from '../../src/core/clock.ts';

interface Timer {
  at: number;
  run: () => void;
  periodMs?: number;
}

export interface ManualClock extends Clock {
  /** Moves time forward, running every timer that falls due, in order. */
  advance(ms: number): void;
  /** Moves time forward at once, as a paused machine does: what fell due meanwhile runs late. */
  hold(ms: number): void;
  /** How many timers wait: a way to see leaks. */
  readonly timers: number;
}

/** A clock that moves only when told. Wall time starts at 2025-10-20T06:48:00Z, the start of the model outage. */
export function manualClock(startWallMs = Date.UTC(2025, 9, 20, 6, 48)): ManualClock {
  let now = 1_000;
  const timers = new Set<Timer>();
  const add = (timer: Timer): Cancel => {
    timers.add(timer);
    return () => timers.delete(timer);
  };
  const nextDue = (until: number): Timer | undefined => {
    let due: Timer | undefined;
    for (const timer of timers) if (timer.at <= until && (due === undefined || timer.at < due.at)) due = timer;
    return due;
  };
  return {
    now: () => now,
    wallMs: () => startWallMs + now - 1_000,
    after: (delayMs, run) => add({ at: now + Math.max(0, delayMs), run }),
    every: (periodMs, run) => add({ at: now + periodMs, run, periodMs }),
    advance: ms => {
      const until = now + ms;
      for (let timer = nextDue(until); timer !== undefined; timer = nextDue(until)) {
        now = Math.max(now, timer.at);
        if (timer.periodMs === undefined) timers.delete(timer);
        else timer.at += timer.periodMs;
        timer.run();
      }
      now = until;
    },
    hold: ms => {
      now += ms;
      for (const timer of [...timers].filter(({ at }) => at <= now)) {
        if (timer.periodMs === undefined) timers.delete(timer);
        else timer.at = now + timer.periodMs;
        timer.run();
      }
    },
    get timers() {
      return timers.size;
    },
  };
}
