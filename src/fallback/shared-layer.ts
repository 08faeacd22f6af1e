import type { Clock } from '../core/clock.ts';
import { Patience } from '../core/patience.ts';
import type { Random } from '../core/random.ts';
import type { SharedCache } from '../state/state.ts';
import type { CacheKeys } from './cache-key.ts';
import { decodeEntry, encodeEntry, type StoredEntry } from './envelope.ts';
import { type WriteBehind, writeBehind } from './write-behind.ts';

const maxQueuedWrites = 1_000;
const maxQueuedBytes = 16_777_216;
const concurrentWrites = 8;
/** Entries of one burst should not all expire in one instant. */
const ttlJitter = 0.1;

/** The second cache level. Reads wait no longer than the budget; writes are never waited for. */
export interface SharedLayer {
  /** Never rejects; undefined when absent, late, unreadable or down. */
  read(key: string): Promise<StoredEntry | undefined>;
  write(key: string, stored: StoredEntry, bytes: number): void;
  /** Removes what is there, or waits to be, under keys with this between model and version and the rest; how many. */
  purgeTag(tag: string): Promise<number>;
  readonly lateReads: number;
  readonly writes: Pick<WriteBehind<StoredEntry>, 'waiting' | 'dropped'>;
  close(): void;
}

/** What the second level needs of the rest. */
export interface SharedLayerDeps {
  readonly shared: SharedCache;
  readonly keys: CacheKeys;
  readonly clock: Clock;
  readonly random: Random;
  readonly budgetMs: number;
  /** An entry that came after its reader had gone on; worth keeping for the next. */
  readonly onLate: (key: string, stored: StoredEntry) => void;
}

/** The second level over a shared store that may be slow or away. */
export function sharedLayer({ shared, keys, clock, random, budgetMs, onLate }: SharedLayerDeps): SharedLayer {
  const patience = new Patience(clock, budgetMs);
  const queue = writeBehind<StoredEntry>({
    send: async (key, stored) => {
      const leftMs = stored.usableUntilMs - clock.wallMs();
      if (leftMs <= 0) return;
      await shared.set(key, encodeEntry(keys, key, stored), Math.ceil(leftMs * (1 + ttlJitter * random())));
    },
    ready: () => shared.up,
    maxEntries: maxQueuedWrites,
    maxBytes: maxQueuedBytes,
    concurrency: concurrentWrites,
  });
  const stopResuming = shared.onUp(() => queue.resume());
  const fetch = async (key: string) => {
    const bytes = await shared.get(key);
    return bytes === undefined ? undefined : decodeEntry(keys, key, bytes);
  };
  return {
    read: async key => {
      if (!shared.up || !patience.ready) return undefined;
      return patience.ask(
        () => fetch(key),
        late => late !== undefined && onLate(key, late),
      );
    },
    write: (key, stored, bytes) => queue.add(key, stored, bytes),
    purgeTag: tag => {
      queue.drop(key => hasTag(key, tag));
      return shared.removeAll(`*/*/${tag}.*`);
    },
    get lateReads() {
      return patience.late;
    },
    writes: queue,
    close: () => {
      stopResuming();
      queue.clear();
    },
  };
}

/** Whether a key is of this tenant's. */
export function hasTag(key: string, tag: string): boolean {
  return key.split('/')[2]?.startsWith(`${tag}.`) === true;
}
