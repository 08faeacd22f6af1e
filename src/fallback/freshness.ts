import type { CacheSettings } from '../core/model.ts';
import type { InferenceRequest } from '../core/request.ts';
import type { CacheEntry } from './cache.ts';

/** What may be done with a cached answer now (RFC 5861). */
export type Freshness = 'fresh' | 'revalidate' | 'stale-if-error' | 'expired';

/** Clocks of replicas may differ by this much; an entry from further ahead is not believed. */
const maxClockSkewMs = 60_000;

/**
 * Judges one entry. Both stale windows start when freshness ends.
 * @param callerMaxStaleSeconds the caller's `max-stale` (RFC 9111 §5.2.1.2): older answers are refused, and younger
 *   ones may be had at once while a refresh runs, as far as the model keeps stale answers at all
 */
export function freshness(
  entry: CacheEntry,
  settings: CacheSettings,
  nowWallMs: number,
  callerMaxStaleSeconds?: number,
): Freshness {
  const ageMs = nowWallMs - entry.storedAtMs;
  if (ageMs < -maxClockSkewMs) return 'expired';
  const staleMs = Math.max(0, ageMs) - settings.freshSeconds * 1_000;
  if (staleMs < 0) return 'fresh';
  const keptMs = Math.max(settings.staleIfErrorSeconds, settings.staleWhileRevalidateSeconds) * 1_000;
  if (staleMs >= Math.min(keptMs, (callerMaxStaleSeconds ?? Number.POSITIVE_INFINITY) * 1_000)) return 'expired';
  if (callerMaxStaleSeconds !== undefined) return 'revalidate';
  return staleMs < settings.staleWhileRevalidateSeconds * 1_000 ? 'revalidate' : 'stale-if-error';
}

/** How long an answer is worth keeping, seconds: to the end of the longer stale window. */
export function retainSeconds(settings: CacheSettings): number {
  return settings.freshSeconds + Math.max(settings.staleIfErrorSeconds, settings.staleWhileRevalidateSeconds);
}

/** The staleness this caller accepts, seconds; undefined leaves it to the model. Refusing substitutes refuses stale. */
export function acceptedStaleSeconds(request: InferenceRequest): number | undefined {
  return request.hints.fallback === 'none' ? 0 : request.hints.cache.maxStaleSeconds;
}

/** What the cache may do for one call. */
export interface CachePlan {
  /** A stored answer may be used, fresh or stale. */
  readonly read: boolean;
  /** A new answer may be stored. */
  readonly write: boolean;
  /** May share the answer of an identical call in flight. */
  readonly coalesce: boolean;
}

/**
 * Decides it from the call alone. Sessions are stateful and bypass everything, and so do streams and queued calls; `no-cache` wants a new answer, which may
 * still be kept; `no-store` leaves no trace; a region hint wants an answer of certain regions, which entries do not know.
 */
export function cachePlan(request: InferenceRequest, settings: CacheSettings | undefined): CachePlan {
  const { hints, fields } = request;
  const whole = fields.sessionId === undefined && !request.streaming && request.queued === undefined;
  const usable = settings !== undefined && retainSeconds(settings) > 0 && whole;
  const read = usable && !hints.cache.noCache && !hints.cache.noStore && hints.region === undefined;
  return { read, write: usable && !hints.cache.noStore, coalesce: read };
}
