import type { Cancel, Clock } from '../core/clock.ts';
import type { Emit } from '../core/events.ts';

/** Errors in a row after which Redis is left alone, and for how long before it is asked again. */
const ERRORS_TO_SKIP = 5;
const SKIP_MS = 1_000;
/** Commands under way at most: what a hanging Redis can make us hold. */
const MAX_IN_FLIGHT = 1_000;

/** Stands between callers and Redis, so that an ill Redis costs them nothing. */
export interface RedisGuard {
  /** Whether commands are sent now. False until Redis first answered. */
  readonly up: boolean;
  /** Sends a command, or rejects at once while Redis is down. */
  run<T>(command: () => Promise<T>): Promise<T>;
  /** The connection is there: asks Redis, and is up if it answers. */
  connected(): void;
  /** The connection is gone. */
  disconnected(reason: string): void;
  close(): void;
}

export interface RedisGuardDeps {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly ping: () => Promise<unknown>;
  /** Called whenever Redis came (back) up. */
  readonly onUp: () => void;
}

export function redisGuard({ clock, emit, ping, onUp }: RedisGuardDeps): RedisGuard {
  let up: boolean | undefined;
  let errorsInRow = 0;
  let inFlight = 0;
  let cancelProbe: Cancel | undefined;
  /** The probe whose answer counts; undefined while none does. */
  let current: symbol | undefined;
  let closed = false;

  const change = (to: boolean, detail: string) => {
    errorsInRow = 0;
    if (up === to || closed) return;
    up = to;
    emit({ type: 'redis-changed', up: to, detail });
    if (to) onUp();
  };
  const stopProbe = () => {
    cancelProbe?.();
    cancelProbe = undefined;
  };
  const probeLater = () => {
    stopProbe();
    cancelProbe = clock.after(SKIP_MS, probe);
  };
  /** Callers are never the ones to find out whether it is back. */
  const probe = () => {
    stopProbe();
    const mine = Symbol('probe');
    current = mine;
    ping().then(
      () => current === mine && change(true, 'answering'),
      () => current === mine && probeLater(),
    );
  };
  const failed = (error: unknown) => {
    // An error that Redis itself replied shows that it is there.
    if (error instanceof Error && error.name === 'ReplyError') return;
    errorsInRow += 1;
    if (!up || errorsInRow < ERRORS_TO_SKIP) return;
    change(false, error instanceof Error ? error.message : String(error));
    probeLater();
  };
  return {
    get up() {
      return up === true;
    },
    run: async command => {
      if (!up || inFlight >= MAX_IN_FLIGHT) throw new RedisSkipped();
      inFlight += 1;
      try {
        const result = await command();
        errorsInRow = 0;
        return result;
      } catch (error) {
        failed(error);
        throw error;
      } finally {
        inFlight -= 1;
      }
    },
    connected: probe,
    disconnected: reason => {
      current = undefined;
      stopProbe();
      change(false, reason);
    },
    close: () => {
      closed = true;
      current = undefined;
      stopProbe();
    },
  };
}

/** Redis was not asked: it is down, or too much is under way. */
export class RedisSkipped extends Error {
  constructor() {
    super('Redis is left alone for now');
    this.name = 'RedisSkipped';
  }
}
