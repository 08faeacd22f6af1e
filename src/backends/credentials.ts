import type { Clock } from '../core/clock.ts';
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

/**
 * Refreshes in the background, well ahead, with jitter so that a fleet does not ask at once. A failed refresh is
 * retried with growing pauses up to a minute; meanwhile the last good keys serve until they truly expire.
 */
export function refresher(
  deps: { clock: Clock; random: Random; emit: Emit },
  identity: string,
  source: CredentialSource,
): Refresher {
  const { clock, random, emit } = deps;
  let keys: Credentials | undefined;
  let dueAtMs = Number.POSITIVE_INFINITY;
  let failures = 0;
  const stopping = new AbortController();
  let lastTryAt = Number.NEGATIVE_INFINITY;
  let underWay: Promise<void> | undefined;
  let cancel = () => {};

  function refresh(): Promise<void> {
    lastTryAt = clock.now();
    underWay ??= source(stopping.signal)
      .then(obtained, failed)
      .finally(() => {
        underWay = undefined;
        sleepUntilDue();
      });
    return underWay;
  }

  function obtained(fresh: Credentials): void {
    const now = clock.wallMs();
    keys = fresh;
    failures = 0;
    const { expiresAtMs } = fresh;
    const jitter = 1 - random() * 0.1;
    dueAtMs = now + Math.max(shortestSleepMs, (refreshAt(now, expiresAtMs ?? Number.POSITIVE_INFINITY) - now) * jitter);
    const detail = expiresAtMs === undefined ? 'they do not expire' : `until ${new Date(expiresAtMs).toISOString()}`;
    if (!stopping.signal.aborted) emit({ type: 'credentials-changed', identity, ok: true, detail });
  }

  function failed(error: unknown): void {
    const pauseMs = Math.min(longestSleepMs, firstRetryMs * 2 ** failures) * (0.5 + random() / 2);
    failures += 1;
    dueAtMs = clock.wallMs() + pauseMs;
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const usable = current() === undefined ? 'none are left' : 'the last good ones still serve';
    if (!stopping.signal.aborted)
      emit({ type: 'credentials-changed', identity, ok: false, detail: `${reason}; ${usable}` });
  }

  /** In short steps, so that a suspended machine or a corrected wall clock does not oversleep. */
  function sleepUntilDue(): void {
    cancel();
    if (stopping.signal.aborted || dueAtMs === Number.POSITIVE_INFINITY) return;
    const leftMs = dueAtMs - clock.wallMs();
    cancel = clock.after(Math.max(0, Math.min(leftMs, longestSleepMs)), () => {
      if (clock.wallMs() >= dueAtMs) void refresh();
      else sleepUntilDue();
    });
  }

  function current(): Credentials | undefined {
    if (keys?.expiresAtMs !== undefined && keys.expiresAtMs <= clock.wallMs()) return undefined;
    return keys;
  }

  const firstTry = refresh();
  return {
    current,
    ready: () => firstTry,
    suspect() {
      if (!stopping.signal.aborted && clock.now() - lastTryAt >= suspectEveryMs) void refresh();
    },
    stop() {
      cancel();
      stopping.abort();
    },
  };
}

/** Keys from the config: always there. */
export function staticKeys(keys: Credentials): Refresher {
  return { current: () => keys, ready: () => Promise.resolve(), suspect() {}, stop() {} };
}
