import type { Cancel, Clock } from '../core/clock.ts';
import type { Random } from '../core/random.ts';
import type { AttemptResult } from '../core/result.ts';
import type { Target } from '../core/target.ts';
import type { Permit } from './health.ts';

/** How a target is probed: with the model's sample payload, over the ordinary backend. */
export interface Prober {
  /** Whether the target's model has a sample payload. Without one, callers' requests try the target. */
  covers(target: Target): boolean;
  /** What setting the target up would take if the probe finds it cold, ms: allowed on top of the probe's limit. */
  setupMs(target: Target): number;
  send(target: Target, signal: AbortSignal, timeoutMs: number): Promise<AttemptResult>;
}

/** The probes of one target: how often, how long, and how to send one. */
export interface ProbeRound {
  readonly clock: Clock;
  readonly random: Random;
  /** Mean time between probes from this replica, ms. */
  everyMs(): number;
  timeoutMs(): number;
  /** A slot for one probe, or undefined when none may go now. */
  permit(): Permit | undefined;
  send(signal: AbortSignal, timeoutMs: number): Promise<AttemptResult>;
}

const spread = 0.2;
/** The backend ends a probe at its limit; one that it does not end is given up this much later. */
const graceMs = 100;

/**
 * Probes again and again until stopped, the first time after a random part of the interval, so that the replicas'
 * probes do not arrive together. A probe that hangs is settled as a timeout; its late answer is ignored.
 */
export function startProbing(round: ProbeRound): Cancel {
  let stopped = false;
  let cancelNext: Cancel = () => {};
  let cancelProbe: Cancel = () => {};
  const schedule = (delayMs: number) => {
    cancelNext = round.clock.after(delayMs, () => {
      const permit = round.permit();
      if (permit === undefined) return scheduleNext();
      cancelProbe = probeOnce(round, permit, () => {
        if (!stopped) scheduleNext();
      });
    });
  };
  const scheduleNext = () => schedule(round.everyMs() * (1 + spread * (2 * round.random() - 1)));
  schedule(round.everyMs() * round.random());
  return () => {
    stopped = true;
    cancelNext();
    cancelProbe();
  };
}

/** Sends one probe, settles its permit once, and calls `done`. The returned way to stop gives the slot back unjudged. */
function probeOnce(round: ProbeRound, permit: Permit, done: () => void): Cancel {
  const controller = new AbortController();
  let over = false;
  const finish = (close: () => void) => {
    if (over) return;
    over = true;
    cancelTimer();
    close();
    done();
  };
  const timeoutMs = round.timeoutMs();
  const cancelTimer = round.clock.after(timeoutMs + graceMs, () =>
    finish(() => {
      controller.abort();
      permit.settle({ outcome: 'timeout', error: hung, sent: true, durationMs: timeoutMs });
    }),
  );
  const answer = async () => round.send(controller.signal, timeoutMs); // async, so that even a synchronous throw is a rejection
  answer().then(
    result => finish(() => permit.settle(result)),
    () => finish(() => permit.release()), // Backends do not throw; a fault of our own is no verdict on the target.
  );
  return () =>
    finish(() => {
      controller.abort();
      permit.release();
    });
}

const hung = { type: 'ProbeTimeout', message: 'the probe had no answer in time' };
