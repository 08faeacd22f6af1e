import type { Clock } from '../core/clock.ts';
import type { Attempt, Served } from '../core/result.ts';
import type { CacheEntry } from '../fallback/cache.ts';
import { wrapSession } from './session.ts';

/** An upstream's answer as it is served. */
export function answered(made: Attempt, trail: readonly Attempt[], cache: Served['cache']): Served {
  const { target, result } = made;
  if (result.answer === undefined) throw new Error('an answered attempt without an answer');
  return {
    answer: wrapSession(result.answer, target),
    model: target.model,
    version: target.version,
    target,
    attempts: trail,
    cache,
    fallback: 'none',
    upstreamMs: upstreamMs(trail),
  };
}

/** Time spent waiting on upstreams; a hedge ran beside the call it hedged. */
export function upstreamMs(trail: readonly Attempt[]): number {
  return trail.reduce((sum, made) => sum + (made.reason === 'hedge' ? 0 : made.result.durationMs), 0);
}

/** A cached answer as it is served. */
export function fromCache(
  ports: { readonly clock: Clock },
  entry: CacheEntry,
  cache: 'hit' | 'stale',
  fallback: 'none' | 'stale',
): Served {
  return {
    answer: entry.answer,
    model: entry.model,
    version: entry.version,
    cachedFrom: entry.targetName,
    attempts: [],
    cache,
    fallback,
    ageSeconds: Math.max(0, (ports.clock.wallMs() - entry.storedAtMs) / 1000),
    upstreamMs: 0,
  };
}
