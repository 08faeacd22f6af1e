import type { Clock } from '../core/clock.ts';
import type { Model } from '../core/model.ts';
import type { InferenceRequest } from '../core/request.ts';
import { residencyBound, residencyText } from '../core/residency.ts';
import type { CachedAnswers, ResponseCache } from './cache.ts';
import type { CacheKeys } from './cache-key.ts';
import { retryKey } from './coalescing.ts';
import { acceptedStaleSeconds, cachePlan, freshness, retainSeconds } from './freshness.ts';

/** Asks `cache` under the keys that `keys` makes of a call. */
export function cachedAnswers(ports: { cache: ResponseCache; keys: CacheKeys; clock: Clock }): CachedAnswers {
  const { cache, keys, clock } = ports;
  const keyOf = (model: Model, version: string, request: InferenceRequest) =>
    keys.key(request, version, residencyText(residencyBound(model, request)));
  return {
    lookUp: async (model, version, request) => {
      const key = keyOf(model, version, request);
      return cache.peek(key) ?? cache.get(key);
    },
    bypasses: (model, request) => {
      const plan = cachePlan(request, model.cache);
      return !plan.read && !plan.write;
    },
    find: async (model, version, request) => {
      if (model.cache === undefined || !cachePlan(request, model.cache).read) return undefined;
      const key = keyOf(model, version, request);
      const entry = cache.peek(key) ?? (await cache.get(key));
      if (entry === undefined) return undefined;
      const state = freshness(entry, model.cache, clock.wallMs(), acceptedStaleSeconds(request));
      return state === 'expired' ? undefined : { entry, freshness: state };
    },
    keep: (model, request, made) => {
      const { answer } = made.result;
      if (answer?.status !== 200 || model.cache === undefined || !cachePlan(request, model.cache).write) return;
      const { version, name: targetName } = made.target;
      const entry = { answer, model: model.name, version, targetName, storedAtMs: clock.wallMs() };
      cache.set(keyOf(model, version, request), entry, retainSeconds(model.cache));
    },
    flightKey: (model, version, request) => {
      if (model.idempotent && cachePlan(request, model.cache).coalesce) return keyOf(model, version, request);
      return retryKey(request, residencyText(residencyBound(model, request)));
    },
  };
}
