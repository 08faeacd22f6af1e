import type { Clock } from '../core/clock.ts';
import { replicasApart } from '../core/errors.ts';
import type { Random } from '../core/random.ts';
import type { RecordStore } from './file.ts';
import { decodeRecord, encodeRecord, isNewer, type StateRecord, writtenAtMs } from './record.ts';
import { runner } from './runner.ts';
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
  /** Drops those of the records (texts by key) that still stand as they are given. */
  drop(standing: ReadonlyMap<string, string>): Promise<void>;
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
  /** Of deleted keys, those that need not be remembered for good: a replica that was away may bring them back. */
  readonly mayForget?: (key: string) => boolean;
  /**
   * Whether a value has come further than another, of records that only move forward: the other does not take its place,
   * however late it was written. False for all other records.
   */
  readonly isFurther?: (key: string, value: string, other: string) => boolean;
}

/** Announcements may be lost, so everything is compared anew this often; replicas differ, so as not to do it at once. */
const pollMs = { least: 1_000, spread: 1_000 };

/** A deletion is remembered this long at least, so that replicas that are away for a while do not bring it back. */
const rememberDeletedMs = 3_600_000;
/** Old deletions dropped from the shared place with one command; the next round takes more. */
const dropsPerRound = 1_000;

/**
 * Records on this replica's disk, made the same on all replicas through a shared place that may come and go. What was
 * known last stays in force without it; what was changed meanwhile is handed over when it returns, even if it returns
 * empty. Of two changes to one key the later one holds; of records that only move forward, the one that has come further.
 */
export function sharedState(deps: SharedStateDeps): StateStore {
  return new SharedState(deps);
}

type Watcher = (key: string, value: string | undefined) => void;

class SharedState implements StateStore {
  readonly #deps: SharedStateDeps;
  readonly #watchers = new Set<Watcher>();
  readonly #syncing = runner(async () => {
    if (this.#deps.link.up) await this.#compareAll().catch(() => undefined);
  });
  readonly #stops: readonly (() => void)[];

  constructor(deps: SharedStateDeps) {
    this.#deps = deps;
    const { link, clock, random } = deps;
    const everyMs = pollMs.least + pollMs.spread * random();
    this.#stops = [link.onChange(this.#syncing.start), clock.every(everyMs, this.#syncing.start)];
    this.#syncing.start();
  }

  get(key: string): string | undefined {
    return this.#deps.store.records.get(key)?.value;
  }

  list(prefix: string): ReadonlyMap<string, string> {
    return this.#deps.store.records.list(prefix);
  }

  delete(key: string): Promise<void> {
    return this.#write(key, undefined);
  }

  set(key: string, value: string): Promise<void> {
    return this.#write(key, value);
  }

  async replace(key: string, expected: string | undefined, value: string): Promise<boolean> {
    const { store, link } = this.#deps;
    const former = store.records.get(key);
    if (former?.value !== expected) return false;
    const record = { key, value, stamp: store.stamp(key) };
    // The shared place first: a record kept here that lost there would still be handed over later, as the newest.
    const text = encodeRecord(record);
    const standing = await link.replace(key, text, former && encodeRecord(former)).catch((error: unknown) => {
      throw Object.assign(replicasApart(), { cause: error }); // for the log
    });
    if (standing === text) await store.keep(record);
    else await this.#learn(decodeRecord(key, standing));
    return standing === text;
  }

  watch(listener: Watcher): () => void {
    this.#watchers.add(listener);
    return () => this.#watchers.delete(listener);
  }

  async close(): Promise<void> {
    for (const stop of this.#stops) stop();
    await this.#syncing.idle();
    await this.#deps.store.close();
  }

  async #write(key: string, value: string | undefined): Promise<void> {
    const { store, link } = this.#deps;
    const record = { key, value, stamp: store.stamp(key) };
    await store.keep(record);
    if (!link.up) return;
    const standing = await this.#offer(record);
    if (standing === undefined || standing.stamp <= record.stamp) return;
    // Another replica's clock is ahead of ours: this change still came after that one.
    await this.#learn(standing);
    const again = { key, value, stamp: store.stamp(key) };
    await store.keep(again);
    await this.#offer(again);
  }

  async #learn(record: StateRecord | undefined): Promise<void> {
    const { store, warn } = this.#deps;
    const mine = record && store.records.get(record.key);
    if (record === undefined || !isNewer(record, mine)) return;
    if (mine !== undefined && this.#hasComeFurther(mine, record)) return this.#putBack(mine, record.stamp);
    await store.keep(record).catch((error: unknown) => {
      warn(`${record.key} of another replica could not be written down, and is in force until a restart: ${error}`);
      store.records.apply(record);
    });
    for (const watcher of this.#watchers) watcher(record.key, record.value);
  }

  #hasComeFurther({ key, value: mine }: StateRecord, { value: theirs }: StateRecord): boolean {
    const { isFurther = () => false } = this.#deps;
    return mine !== undefined && theirs !== undefined && isFurther(key, mine, theirs);
  }

  /** Writes what is known here again, after what another replica wrote that did not know it. */
  async #putBack({ key, value }: StateRecord, after: string): Promise<void> {
    const { store } = this.#deps;
    const record = { key, value, stamp: store.stamp(key, after) };
    await store.keep(record);
    await this.#offer(record); // where it does not arrive, the next comparison hands it over
  }

  /** Hands a record over and returns the one that stands there; undefined when it could not be asked. */
  async #offer(record: StateRecord): Promise<StateRecord | undefined> {
    const standing = await this.#deps.link.offer(record.key, encodeRecord(record)).catch(() => undefined);
    return standing === undefined ? undefined : decodeRecord(record.key, standing);
  }

  async #compareAll(): Promise<void> {
    const { store, link } = this.#deps;
    const there = await link.readAll();
    const old = new Map<string, string>();
    for (const [key, text] of there) {
      const record = decodeRecord(key, text);
      if (record !== undefined && this.#isForgotten(record)) old.set(key, text);
      // One that is forgotten here already is not written down again.
      if (!old.has(key) || store.records.get(key) !== undefined) await this.#learn(record);
    }
    for (const record of [...store.records.all()]) {
      const text = there.get(record.key);
      if (text === undefined && this.#isForgotten(record)) continue;
      const known = text === undefined ? undefined : decodeRecord(record.key, text);
      if (isNewer(record, known)) await this.#learn(await this.#offer(record));
    }
    store.records.forget(record => !there.has(record.key) && this.#isForgotten(record));
    if (old.size > 0) await link.drop(new Map([...old].slice(0, dropsPerRound)));
  }

  /** Deleted so long ago that it is no longer told. */
  #isForgotten(record: StateRecord): boolean {
    const { mayForget = () => false, clock } = this.#deps;
    if (record.value !== undefined || !mayForget(record.key)) return false;
    return writtenAtMs(record) < clock.wallMs() - rememberDeletedMs;
  }
}
