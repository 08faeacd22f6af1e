import type { Clock } from '../core/clock.ts';
import type { Random } from '../core/random.ts';
import type { RecordStore } from './file.ts';
import { decodeRecord, encodeRecord, isNewer, type StateRecord } from './record.ts';
import type { StateStore } from './state.ts';

/** The shared place as this store needs it. Operations reject while it is down. */
export interface StateLink {
  readonly up: boolean;
  /** Every record, encoded, by key. */
  readAll(): Promise<ReadonlyMap<string, string>>;
  /** Keeps the record if it is newer than the one there; resolves to the one that stands. */
  offer(key: string, text: string): Promise<string>;
  /** Keeps the record if `former` (undefined: none) stands there, or nothing does; resolves to the one that stands. */
  replace(key: string, text: string, former: string | undefined): Promise<string>;
  /** Called when another replica may have changed something, or when the place came back. */
  onChange(listener: () => void): () => void;
}

/** What sharing records needs of the rest. */
export interface SharedStateDeps {
  readonly store: RecordStore;
  readonly link: StateLink;
  readonly clock: Clock;
  readonly random: Random;
  readonly warn: (message: string) => void;
}

/** Announcements may be lost, so everything is compared anew this often; replicas differ, so as not to do it at once. */
const pollMs = { least: 1_000, spread: 1_000 };

/**
 * Records on this replica's disk, made the same on all replicas through a shared place that may come and go. What was
 * known last stays in force without it; what was changed meanwhile is handed over when it returns, even if it returns
 * empty. Of two changes to one key the later one holds.
 */
export function sharedState({ store, link, clock, random, warn }: SharedStateDeps): StateStore {
  const watchers = new Set<(key: string, value: string | undefined) => void>();
  const learn = async (record: StateRecord | undefined) => {
    if (record === undefined || !isNewer(record, store.records.get(record.key))) return;
    await store.keep(record).catch((error: unknown) => {
      warn(`${record.key} of another replica could not be written down, and is in force until a restart: ${error}`);
      store.records.apply(record);
    });
    for (const watcher of watchers) watcher(record.key, record.value);
  };
  /** Hands a record over and returns the one that stands there; undefined when it could not be asked. */
  const offer = async (record: StateRecord) => {
    const standing = await link.offer(record.key, encodeRecord(record)).catch(() => undefined);
    return standing === undefined ? undefined : decodeRecord(record.key, standing);
  };
  const compareAll = async () => {
    const there = await link.readAll();
    for (const [key, text] of there) await learn(decodeRecord(key, text));
    for (const record of [...store.records.all()]) {
      const text = there.get(record.key);
      const known = text === undefined ? undefined : decodeRecord(record.key, text);
      if (isNewer(record, known)) await learn(await offer(record));
    }
  };
  const syncing = runner(async () => {
    if (link.up) await compareAll().catch(() => undefined);
  });
  const write = async (key: string, value: string | undefined) => {
    const record = { key, value, stamp: store.stamp(key) };
    await store.keep(record);
    if (!link.up) return;
    const standing = await offer(record);
    if (standing === undefined || standing.stamp <= record.stamp) return;
    // Another replica's clock is ahead of ours: this change still came after that one.
    await learn(standing);
    const again = { key, value, stamp: store.stamp(key) };
    await store.keep(again);
    await offer(again);
  };

  const replace: StateStore['replace'] = async (key, expected, value) => {
    const former = store.records.get(key);
    if (former?.value !== expected) return false;
    const record = { key, value, stamp: store.stamp(key) };
    // The shared place first: a record kept here that lost there would still be handed over later, as the newest.
    const text = encodeRecord(record);
    const standing = await link.replace(key, text, former && encodeRecord(former));
    if (standing === text) await store.keep(record);
    else await learn(decodeRecord(key, standing));
    return standing === text;
  };

  const stops = [link.onChange(syncing.start), clock.every(pollMs.least + pollMs.spread * random(), syncing.start)];
  syncing.start();
  return {
    get: key => store.records.get(key)?.value,
    set: write,
    delete: key => write(key, undefined),
    replace,
    list: store.records.list,
    watch: listener => {
      watchers.add(listener);
      return () => watchers.delete(listener);
    },
    close: async () => {
      for (const stop of stops) stop();
      await syncing.idle();
      await store.close();
    },
  };
}

/** Runs `work` one at a time; asked again meanwhile, once more afterwards. */
function runner(work: () => Promise<void>): { start(): void; idle(): Promise<void> } {
  let running: Promise<void> | undefined;
  let again = false;
  const loop = async () => {
    do {
      again = false;
      await work();
    } while (again);
    running = undefined;
  };
  return {
    start: () => {
      if (running === undefined) running = loop();
      else again = true;
    },
    idle: async () => {
      await running;
    },
  };
}
