import { isNewer, type StateRecord } from './record.ts';

/** The records a store knows, by key. */
export interface Records {
  get(key: string): StateRecord | undefined;
  all(): Iterable<StateRecord>;
  /** Values under a prefix; deleted ones are left out. */
  list(prefix: string): ReadonlyMap<string, string>;
  /** Takes a record over unless a newer one is known; whether it did. */
  apply(record: StateRecord): boolean;
  /** Drops those of the deleted records that `which` tells. */
  forget(which: (record: StateRecord) => boolean): void;
  readonly size: number;
}

/** Records by key; of two with one key the later stamp stands. */
export function records(initial: Iterable<StateRecord> = []): Records {
  const byKey = new Map<string, StateRecord>();
  const apply = (record: StateRecord) => {
    if (!isNewer(record, byKey.get(record.key))) return false;
    byKey.set(record.key, record);
    return true;
  };
  for (const record of initial) apply(record);
  return {
    get: key => byKey.get(key),
    all: () => byKey.values(),
    list: prefix => {
      const found = new Map<string, string>();
      for (const { key, value } of byKey.values()) {
        if (value !== undefined && key.startsWith(prefix)) found.set(key, value);
      }
      return found;
    },
    apply,
    forget: which => {
      for (const record of byKey.values()) if (record.value === undefined && which(record)) byKey.delete(record.key);
    },
    get size() {
      return byKey.size;
    },
  };
}
