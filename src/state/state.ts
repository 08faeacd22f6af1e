/** Small named records that operators change (drains, purges): durable, shared by replicas where Redis is. */
export interface StateStore {
  get(key: string): string | undefined;
  /** Resolves once durable. Rejects if it could not be kept. */
  set(key: string, value: string): Promise<void>;
  delete(key: string): Promise<void>;
  /**
   * Sets the value only where `expected` still stands (undefined: nothing does), on all replicas: of several that try,
   * one succeeds. Resolves to whether this one did, once durable. Rejects with `replicas-apart` while the shared place
   * does not answer; and with the disk's own error where that does not take it.
   */
  replace(key: string, expected: string | undefined, value: string): Promise<boolean>;
  /** Keys under a prefix with their values, as last known. Never waits. */
  list(prefix: string): ReadonlyMap<string, string>;
  /** Called when another replica changed something; returns a way to stop. */
  watch(listener: (key: string, value: string | undefined) => void): () => void;
  close(): Promise<void>;
}

/** Shared byte cache (Redis). Operations may fail or be slow; callers race them against a budget. */
export interface SharedCache {
  get(key: string): Promise<Buffer | undefined>;
  set(key: string, value: Buffer, ttlMs: number): Promise<void>;
  /** Removes all keys that match a pattern of Redis’ (`*`: any characters); resolves to how many there were. */
  removeAll(pattern: string): Promise<number>;
  readonly up: boolean;
  /** Called when it came up; returns a way to stop. */
  onUp(listener: () => void): () => void;
}

/** Small texts that replicas share for a while (Redis). Every call rejects while Redis does not answer. */
export interface SharedEntries {
  put(entries: ReadonlyMap<string, string>, ttlMs: number): Promise<void>;
  get(key: string): Promise<string | undefined>;
  /** Keeps a text if there is none; resolves to the one that stands. */
  claim(key: string, text: string, ttlMs: number): Promise<string>;
  delete(key: string): Promise<void>;
}

/** Numbers that replicas count together (Redis). Operations may fail or be slow; callers race them against a budget. */
export interface SharedCounters {
  readonly up: boolean;
  /** Takes one of a steady rate; resolves to 0, or to how long to wait, ms. @param burst how many may come at once */
  takeRate(name: string, intervalMs: number, burst: number): Promise<number>;
  /** Adds dollars to a sum that is known to be `atLeastUsd` already; resolves to the sum. */
  addSpend(name: string, addUsd: number, atLeastUsd: number): Promise<number>;
}

/** What each replica has counted, so that all can be added up. What is not published for a day is forgotten. */
export interface Tallies {
  /** Puts this replica's counts under `scope` in the place of its former ones. Rejects while Redis does not answer. */
  publish(scope: string, text: string): Promise<void>;
  /** By replica, as last published. Without Redis this one's alone. Rejects while Redis does not answer. */
  collect(scope: string): Promise<ReadonlyMap<string, string>>;
  /** Forgets the scope's counts of all replicas. */
  forget(scope: string): Promise<void>;
}
