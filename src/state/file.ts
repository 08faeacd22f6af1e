import { randomBytes } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { makeDirectories } from '../core/directories.ts';
import { type Journal, openJournal } from './journal.ts';
import { lockDirectory } from './lock.ts';
import { nextStamp, type StateRecord } from './record.ts';
import type { Records } from './records.ts';
import type { StateStore } from './state.ts';

/** A store with its records and stamps: what a store that shares them through Redis is built on. */
export interface RecordStore {
  readonly records: Records;
  /** The stamp for a new write of this process: later than every one it gave or knows for this key, and than `after`. */
  stamp(key: string, after?: string): string;
  /** Keeps a record for good, its stamp being given. */
  keep(record: StateRecord): Promise<void>;
  close(): Promise<void>;
}

/** Where records are kept. */
export interface RecordStoreDeps {
  readonly dir: string;
  readonly clock: Clock;
  /** Told of lines that could not be read and of failed compactions. */
  readonly warn: (message: string) => void;
  /** Of deleted keys, those that need not be remembered: no other replica could bring them back. Default: none. */
  readonly mayForget?: (key: string) => boolean;
}

/**
 * Opens `dir` for this process alone, creating it if need be.
 * @throws Error that says what is wrong with the directory and what to do
 */
export async function openRecords(deps: RecordStoreDeps): Promise<RecordStore> {
  const { dir, clock, warn, mayForget } = deps;
  prepareDirectory(dir);
  const unlock = lockDirectory(dir);
  let journal: Journal;
  try {
    journal = await openJournal(join(dir, 'state.jsonl'), warn, mayForget);
  } catch (error) {
    unlock();
    throw error;
  }
  const writer = randomBytes(4).toString('hex');
  let latest = '';
  return {
    records: journal.records,
    stamp: (key, after = '') => {
      // Also later than what is still on its way to the disk.
      const known = journal.records.get(key)?.stamp ?? '';
      const newest = known > after ? known : after;
      latest = nextStamp(clock.wallMs(), writer, newest > latest ? newest : latest);
      return latest;
    },
    keep: record => journal.append(record),
    close: async () => {
      await journal.close();
      unlock();
    },
  };
}

/** The default store: what operators change is kept in `dir` and survives a restart. Other replicas are not told. */
export async function fileState(deps: RecordStoreDeps): Promise<StateStore> {
  return localState(await openRecords(deps));
}

/** The `StateStore` of one process over its own records. */
function localState(store: RecordStore): StateStore {
  const write = (key: string, value: string | undefined) => store.keep({ key, value, stamp: store.stamp(key) });
  const replacing = new Set<string>();
  return {
    get: key => store.records.get(key)?.value,
    set: write,
    delete: key => write(key, undefined),
    replace: async (key, expected, value) => {
      if (replacing.has(key) || store.records.get(key)?.value !== expected) return false;
      replacing.add(key);
      await write(key, value).finally(() => replacing.delete(key));
      return true;
    },
    list: store.records.list,
    watch: () => () => undefined,
    close: store.close,
  };
}

function prepareDirectory(dir: string): void {
  try {
    makeDirectories(dir);
    accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `stateDir ${dir} cannot be written (${reason}). Create it and give it to the user the gateway runs as, or configure another stateDir.`,
    );
  }
}
