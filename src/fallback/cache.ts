import type { Answer } from '../core/result.ts';

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
