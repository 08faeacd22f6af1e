import type { Model } from '../core/model.ts';
import type { InferenceRequest } from '../core/request.ts';
import type { Answer, Attempt } from '../core/result.ts';
import type { Freshness } from './freshness.ts';

/** A cached 200 and when it was stored. */
export interface CacheEntry {
  readonly answer: Answer;
  readonly model: string;
  readonly version: string;
  /** Public name of the target that answered. */
  readonly targetName: string;
  /** Wall-clock ms. */
  readonly storedAtMs: number;
}

/** What the request path sees of the cache. Never rejects; a store that is down is a miss. */
export interface ResponseCache {
  get(key: string): Promise<CacheEntry | undefined>;
  /** In-process only, no waiting. */
  peek(key: string): CacheEntry | undefined;
  set(key: string, entry: CacheEntry, ttlSeconds: number): void;
  /** Drops a model's (version's) answers here and in the shared store; resolves to how many were dropped here. */
  purge(model: string, version?: string): Promise<number>;
}

/** A cached answer that this caller may have now. */
export interface FoundAnswer {
  readonly entry: CacheEntry;
  readonly freshness: Exclude<Freshness, 'expired'>;
}

/** The cache as the request path asks it: by model, version and request. */
export interface CachedAnswers {
  /** Whether the cache may neither answer nor keep this call. */
  bypasses(model: Model, request: InferenceRequest): boolean;
  /** What may be done with the version's answer now; undefined when there is none or it is too old. */
  find(model: Model, version: string, request: InferenceRequest): Promise<FoundAnswer | undefined>;
  /** The version's answer, whatever its age. */
  lookUp(model: Model, version: string, request: InferenceRequest): Promise<CacheEntry | undefined>;
  /** Keeps a whole 200, under the version that gave it. */
  keep(model: Model, request: InferenceRequest, made: Attempt): void;
  /**
   * Calls with the same key may share one answer: identical calls of cached models, and an SDK's own retry with the call
   * it repeats. Undefined for a call that stands alone.
   */
  flightKey(model: Model, version: string, request: InferenceRequest): string | undefined;
}
