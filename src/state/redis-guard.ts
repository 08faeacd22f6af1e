import type { Cancel, Clock } from '../core/clock.ts';
import type { Emit } from '../core/events.ts';

/** Errors in a row after which Redis is left alone, and for how long before it is asked again. */
const errorsToSkip = 5;
const skipMs = 1_000;
/** Commands under way at most: what a hanging Redis can make us hold. */
const maxInFlight = 1_000;

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

/** What guarding Redis needs of the rest. */
export interface RedisGuardDeps {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly ping: () => Promise<unknown>;
  /** Called whenever Redis came (back) up. */
  readonly onUp: () => void;
}

/** Down until Redis first answers. */
export function redisGuard(deps: RedisGuardDeps): RedisGuard {
  return new Guard(deps);
}

class Guard implements RedisGuard {
  readonly #deps: RedisGuardDeps;
  #up: boolean | undefined;
  #errorsInRow = 0;
  #inFlight = 0;
  #cancelProbe: Cancel | undefined;
  /** The probe whose answer counts; undefined while none does. */
  #current: symbol | undefined;
  #closed = false;

  constructor(deps: RedisGuardDeps) {
    this.#deps = deps;
  }

  get up(): boolean {
    return this.#up === true;
  }

  async run<T>(command: () => Promise<T>): Promise<T> {
    if (!this.#up || this.#inFlight >= maxInFlight) throw new RedisSkipped();
    this.#inFlight += 1;
    try {
      const result = await command();
      this.#errorsInRow = 0;
      return result;
    } catch (error) {
      this.#failed(error);
      throw error;
    } finally {
      this.#inFlight -= 1;
    }
  }

  connected(): void {
    this.#probe();
  }

  disconnected(reason: string): void {
    this.#current = undefined;
    this.#stopProbe();
    this.#change(false, reason);
  }

  close(): void {
    this.#closed = true;
    this.#current = undefined;
    this.#stopProbe();
  }

  #change(to: boolean, detail: string): void {
    this.#errorsInRow = 0;
    if (this.#up === to || this.#closed) return;
    this.#up = to;
    this.#deps.emit({ type: 'redis-changed', up: to, detail });
    if (to) this.#deps.onUp();
  }

  /** Callers are never the ones to find out whether it is back. */
  #probe(): void {
    this.#stopProbe();
    const mine = Symbol('probe');
    this.#current = mine;
    this.#deps.ping().then(
      () => this.#current === mine && this.#change(true, 'answering'),
      (error: unknown) => {
        if (this.#current !== mine) return;
        this.#change(false, error instanceof Error ? error.message : String(error));
        this.#probeLater();
      },
    );
  }

  #probeLater(): void {
    this.#stopProbe();
    this.#cancelProbe = this.#deps.clock.after(skipMs, () => this.#probe());
  }

  #stopProbe(): void {
    this.#cancelProbe?.();
    this.#cancelProbe = undefined;
  }

  #failed(error: unknown): void {
    // An error that Redis itself replied shows that it is there; unless it says that the cluster is not.
    if (error instanceof Error && error.name === 'ReplyError' && !error.message.startsWith('CLUSTERDOWN')) return;
    this.#errorsInRow += 1;
    if (!this.#up || this.#errorsInRow < errorsToSkip) return;
    this.#change(false, error instanceof Error ? error.message : String(error));
    this.#probeLater();
  }
}

/** Redis was not asked: it is down, or too much is under way. */
export class RedisSkipped extends Error {
  constructor() {
    super('Redis is left alone for now');
    this.name = 'RedisSkipped';
  }
}
