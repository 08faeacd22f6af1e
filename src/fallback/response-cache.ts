import { LRUCache } from 'lru-cache';
import type { Clock } from '../core/clock.ts';
import type { Random } from '../core/random.ts';
import type { SharedCache, StateStore } from '../state/state.ts';
import type { CacheEntry, ResponseCache } from './cache.ts';
import type { CacheKeys } from './cache-key.ts';
import type { StoredEntry } from './envelope.ts';
import type { CacheStoreOptions } from './options.ts';
import { type Purges, purges } from './purges.ts';
import { hasTag, type SharedLayer, sharedLayer } from './shared-layer.ts';

/** What an entry costs in memory besides its text and body: objects, map slots, list links. An estimate. */
const entryOverheadBytes = 512;

/** What the cache holds and what Redis cost it, since the start. */
export interface CacheStats {
  readonly entries: number;
  readonly bytes: number;
  /** Reads that Redis did not answer within the budget. */
  readonly lateReads: number;
  readonly writesWaiting: number;
  readonly writesDropped: number;
}

/** The cache as the composition root holds it. */
export interface ResponseCacheStore extends ResponseCache {
  stats(): CacheStats;
  /** Removes a tenant's answers from memory and from the shared store; resolves to how many. Rejects while that is down. */
  purgeTenant(tenant: string): Promise<number>;
  close(): void;
}

/** What the cache needs of the rest. */
export interface ResponseCacheDeps {
  readonly options: CacheStoreOptions;
  readonly keys: CacheKeys;
  readonly clock: Clock;
  readonly random: Random;
  /** Where purges are kept, so that they reach every replica and survive a restart. */
  readonly state: StateStore;
  readonly shared?: SharedCache;
}

/** Answers in memory, bounded in bytes, in front of the shared store if there is one. */
export function responseCache(deps: ResponseCacheDeps): ResponseCacheStore {
  return new CacheStore(deps);
}

class CacheStore implements ResponseCacheStore {
  readonly #options: CacheStoreOptions;
  readonly #keys: CacheKeys;
  readonly #clock: Clock;
  readonly #memory: Memory | undefined;
  readonly #purged: Purges;
  readonly #layer: SharedLayer | undefined;

  constructor({ options, keys, clock, random, state, shared }: ResponseCacheDeps) {
    this.#options = options;
    this.#keys = keys;
    this.#clock = clock;
    this.#memory = options.maxBytes > 0 ? newMemory(options.maxBytes) : undefined;
    this.#purged = purges(state, clock, (model, version) => evict(this.#memory, model, version));
    const onLate = (key: string, stored: StoredEntry) => this.#keep(key, stored);
    if (shared !== undefined && keys.shareable)
      this.#layer = sharedLayer({ shared, keys, clock, random, budgetMs: options.redisBudgetMs, onLate });
  }

  peek(key: string): CacheEntry | undefined {
    const stored = this.#memory?.get(key);
    if (stored === undefined) return undefined;
    if (this.#usable(stored)) return stored.entry;
    this.#memory?.delete(key);
    return undefined;
  }

  async get(key: string): Promise<CacheEntry | undefined> {
    const here = this.peek(key);
    if (here !== undefined || this.#layer === undefined) return here;
    const stored = await this.#layer.read(key);
    if (stored === undefined || !this.#usable(stored)) return undefined;
    this.#keep(key, stored);
    return stored.entry;
  }

  set(key: string, entry: CacheEntry, ttlSeconds: number): void {
    const stored = { entry, usableUntilMs: entry.storedAtMs + ttlSeconds * 1_000 };
    const bytes = entryBytes(key, entry);
    if (entry.answer.status !== 200 || bytes > this.#options.maxEntryBytes || !this.#usable(stored)) return;
    this.#keep(key, stored);
    this.#layer?.write(key, stored, bytes);
  }

  async purge(model: string, version?: string): Promise<number> {
    const before = this.#memory?.size ?? 0;
    const kept = this.#purged.purge(model, version);
    const dropped = before - (this.#memory?.size ?? 0);
    await kept;
    return dropped;
  }

  async purgeTenant(tenant: string): Promise<number> {
    const tag = this.#keys.tenantTag(tenant);
    const own = [...(this.#memory?.keys() ?? [])].filter(key => hasTag(key, tag));
    for (const key of own) this.#memory?.delete(key);
    const there = (await this.#layer?.purgeTag(tag)) ?? 0;
    return Math.max(own.length, there); // most are in both places
  }

  stats(): CacheStats {
    return {
      entries: this.#memory?.size ?? 0,
      bytes: this.#memory?.calculatedSize ?? 0,
      lateReads: this.#layer?.lateReads ?? 0,
      writesWaiting: this.#layer?.writes.waiting ?? 0,
      writesDropped: this.#layer?.writes.dropped ?? 0,
    };
  }

  close(): void {
    this.#purged.close();
    this.#layer?.close();
    this.#memory?.clear();
  }

  #usable({ entry, usableUntilMs }: StoredEntry): boolean {
    return this.#clock.wallMs() < usableUntilMs && !this.#purged.covers(entry.model, entry.version, entry.storedAtMs);
  }

  #keep(key: string, stored: StoredEntry): void {
    if (this.#usable(stored)) this.#memory?.set(key, withOwnBytes(stored));
  }
}

type Memory = LRUCache<string, StoredEntry>;

function newMemory(maxBytes: number): Memory {
  return new LRUCache({ maxSize: maxBytes, sizeCalculation: (stored, key) => entryBytes(key, stored.entry) });
}

/** Gives back the memory of what was just purged. Rare, and linear in the number of entries. */
function evict(memory: Memory | undefined, model: string, version: string | undefined): void {
  for (const [key, { entry }] of memory?.entries() ?? []) {
    if (entry.model === model && (version === undefined || entry.version === version)) memory?.delete(key);
  }
}

function entryBytes(key: string, entry: CacheEntry): number {
  let bytes = entryOverheadBytes + key.length + entry.answer.body.length;
  for (const [name, value] of Object.entries(entry.answer.headers)) bytes += name.length + value.length;
  return bytes;
}

/** A body that is a small slice of a socket's buffer would keep the whole buffer alive, uncounted; it is copied out. */
function withOwnBytes(stored: StoredEntry): StoredEntry {
  const { answer } = stored.entry;
  if (answer.body.buffer.byteLength <= answer.body.length + entryOverheadBytes) return stored;
  const body = Buffer.allocUnsafeSlow(answer.body.length);
  answer.body.copy(body);
  return { ...stored, entry: { ...stored.entry, answer: { ...answer, body } } };
}
