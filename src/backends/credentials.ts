import type { Cancel, Clock } from '../core/clock.ts';
import type { Emit } from '../core/events.ts';
import type { Random } from '../core/random.ts';

/** Keys that sign upstream calls. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** Wall-clock ms; undefined means they do not expire. */
  readonly expiresAtMs?: number;
}

/** Gets keys once, within a time limit of its own; rejects when it cannot or when `stopped` aborts. */
export type CredentialSource = (stopped: AbortSignal) => Promise<Credentials>;

/** Keeps one identity's keys fresh. */
export interface Refresher {
  /** Keys that have not expired; undefined when there are none. Never waits. */
  current(): Credentials | undefined;
  /** Resolves after the first try, whatever came of it. */
  ready(): Promise<void>;
  /** AWS refused the keys: get new ones, unless that was just done. */
  suspect(): void;
  stop(): void;
}

const longestSleepMs = 60_000;
/** Between refreshes that succeed, even if a source keeps handing out keys about to expire. */
const shortestSleepMs = 5_000;
const firstRetryMs = 1_000;
const aheadMs = 900_000;
const suspectEveryMs = 30_000;

/**
 * When to replace keys: with a quarter of their life or fifteen minutes left, whichever is earlier, but not before
 * half of it is spent. Wall-clock ms.
 */
export function refreshAt(obtainedAtMs: number, expiresAtMs: number): number {
  if (expiresAtMs === Number.POSITIVE_INFINITY) return expiresAtMs;
  const lifeMs = expiresAtMs - obtainedAtMs;
  return expiresAtMs - Math.max(lifeMs / 4, Math.min(aheadMs, lifeMs / 2));
}

/** What refreshing needs of the rest. */
export interface RefresherPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly emit: Emit;
}

/** Begins to fetch an identity's keys and keeps them fresh until stopped. */
export function refresher(ports: RefresherPorts, identity: string, source: CredentialSource): Refresher {
  return new BackgroundRefresher(ports, identity, source);
}

/**
 * Refreshes in the background, well ahead, with jitter so that a fleet does not ask at once. A failed refresh is
 * retried with growing pauses up to a minute; meanwhile the last good keys serve until they truly expire. Of a run of
 * failures the first is told, then only another kind of error, and that no keys are left.
 */
class BackgroundRefresher implements Refresher {
  readonly #ports: RefresherPorts;
  readonly #identity: string;
  readonly #source: CredentialSource;
  readonly #stopping = new AbortController();
  readonly #firstTry: Promise<void>;
  #keys: Credentials | undefined;
  #dueAtMs = Number.POSITIVE_INFINITY;
  #failures = 0;
  /** Of the failure told last: another try that ends the same way is no news. */
  #toldFailure = '';
  #lastTryAt = Number.NEGATIVE_INFINITY;
  #underWay: Promise<void> | undefined;
  #cancel: Cancel = () => {};

  constructor(ports: RefresherPorts, identity: string, source: CredentialSource) {
    this.#ports = ports;
    this.#identity = identity;
    this.#source = source;
    this.#firstTry = this.#refresh();
  }

  current(): Credentials | undefined {
    const expired = this.#keys?.expiresAtMs !== undefined && this.#keys.expiresAtMs <= this.#ports.clock.wallMs();
    return expired ? undefined : this.#keys;
  }

  ready(): Promise<void> {
    return this.#firstTry;
  }

  suspect(): void {
    const soon = this.#ports.clock.now() - this.#lastTryAt < suspectEveryMs;
    if (!this.#stopping.signal.aborted && !soon) void this.#refresh();
  }

  stop(): void {
    this.#cancel();
    this.#stopping.abort();
  }

  #refresh(): Promise<void> {
    this.#lastTryAt = this.#ports.clock.now();
    this.#underWay ??= this.#source(this.#stopping.signal)
      .then(
        fresh => this.#obtained(fresh),
        (error: unknown) => this.#failed(error),
      )
      .finally(() => {
        this.#underWay = undefined;
        this.#sleepUntilDue();
      });
    return this.#underWay;
  }

  #obtained(fresh: Credentials): void {
    const now = this.#ports.clock.wallMs();
    this.#keys = fresh;
    this.#failures = 0;
    this.#toldFailure = '';
    const { expiresAtMs } = fresh;
    const dueInMs = refreshAt(now, expiresAtMs ?? Number.POSITIVE_INFINITY) - now;
    this.#dueAtMs = now + Math.max(shortestSleepMs, dueInMs * (1 - this.#ports.random() * 0.1));
    this.#tell(true, expiresAtMs === undefined ? 'they do not expire' : `until ${new Date(expiresAtMs).toISOString()}`);
  }

  #failed(error: unknown): void {
    const { clock, random } = this.#ports;
    const pauseMs = Math.min(longestSleepMs, firstRetryMs * 2 ** this.#failures) * (0.5 + random() / 2);
    this.#failures += 1;
    this.#dueAtMs = clock.wallMs() + pauseMs;
    const [kind, reason] =
      error instanceof Error ? [error.name, `${error.name}: ${error.message}`] : ['', String(error)];
    const left = this.current() === undefined ? 'none are left' : 'the last good ones still serve';
    // By the error's name: its message may hold a request id that differs at each try.
    const failure = `${kind} ${left}`;
    if (failure !== this.#toldFailure) this.#tell(false, `${reason}; ${left}`);
    this.#toldFailure = failure;
  }

  #tell(ok: boolean, detail: string): void {
    if (this.#stopping.signal.aborted) return;
    this.#ports.emit({ type: 'credentials-changed', identity: this.#identity, ok, detail });
  }

  /** In short steps, so that a suspended machine or a corrected wall clock does not oversleep. */
  #sleepUntilDue(): void {
    const { clock } = this.#ports;
    this.#cancel();
    if (this.#stopping.signal.aborted || this.#dueAtMs === Number.POSITIVE_INFINITY) return;
    const leftMs = this.#dueAtMs - clock.wallMs();
    this.#cancel = clock.after(Math.max(0, Math.min(leftMs, longestSleepMs)), () => {
      if (clock.wallMs() >= this.#dueAtMs) void this.#refresh();
      else this.#sleepUntilDue();
    });
  }
}

/** Keys from the config: always there. */
export function staticKeys(keys: Credentials): Refresher {
  return { current: () => keys, ready: () => Promise.resolve(), suspect() {}, stop() {} };
}
