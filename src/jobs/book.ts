import type { ObjectPlace, ObjectStore } from '../backends/object-store.ts';
import type { Clock } from '../core/clock.ts';
import type { StateStore } from '../state/state.ts';
import type { JobsOptions } from './options.ts';
import { readNewest, revisionOf, writeRecord } from './stored-records.ts';

/** What every kind of work that is done for absent callers has: jobs, and batches. Immutable; times are wall-clock ms. */
export interface Work {
  readonly id: string;
  /** The replica that works on it. */
  readonly owner: string;
  readonly tenant: string;
  readonly model: string;
  readonly createdAtMs: number;
  readonly finishedAtMs?: number;
  readonly state: string;
  /** Regions that hold its record. */
  readonly copies: readonly string[];
  /** How often it was saved: of two records the one with more is the newer. */
  readonly revision?: number;
  /** It is being removed, as far as its regions can be reached. */
  readonly removing?: boolean;
}

/** What tells one kind of work from another. */
export interface WorkKind<W extends Work> {
  /** What it is called in warnings. */
  readonly name: string;
  /** Of its keys in the index. */
  readonly indexPrefix: string;
  /** Of its folders in every bucket. */
  folders(options: JobsOptions): string;
  record(options: JobsOptions, region: string, id: string): ObjectPlace;
  /** Undefined for what is no record of this kind. */
  decode(text: string): W | undefined;
  /** Whether its state is final. */
  isOver(work: W): boolean;
  /** Whether something is left to do. */
  isOpen(work: W): boolean;
}

/** Where work is looked up: what is written here is also in the buckets, and can be read back from there. */
export interface Book<W extends Work> {
  readonly kind: WorkKind<W>;
  get(id: string): W | undefined;
  /** Those with something left to do, the oldest first. */
  open(): readonly W[];
  /** Over, told and not yet removed. */
  closed(): readonly W[];
  all(): Iterable<W>;
  /** Work that was not known here, or not as this replica's; its records are written already. */
  add(work: W): Promise<void>;
  /**
   * Known here at once; written to the index, then beside the input as far as its regions can be reached. Changes
   * nothing for what is being removed, or is.
   */
  save(work: W): Promise<void>;
  /**
   * From now on it is being removed, here and as its records say, as far as they can be reached: an index that is lost
   * must not bring back what its caller was told is gone. Resolves when no other record of it will be written any more.
   */
  removing(work: W): Promise<void>;
  forget(id: string): Promise<void>;
  /**
   * As the buckets know it, the newest record that is found soon; another replica may know more. Rejects when it may be
   * in one that does not answer.
   */
  fetch(id: string): Promise<W | undefined>;
  /**
   * Leaves work to another replica where its newest record names one, as it does after this one was thought gone, or
   * two took the work over at once: who wrote last has it. Resolves to whether it did.
   */
  yields(work: W): Promise<boolean>;
  stop(): void;
}

/** How much work there is, by model and state, for gauges; what is being removed is none any more. */
export function countByState(works: Iterable<Work>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { model, state, removing } of works) {
    if (removing) continue;
    const key = `${model} ${state}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** What the book needs of the rest. */
export interface BookPorts {
  readonly clock: Clock;
  readonly state: StateStore;
  readonly store: ObjectStore;
  options(): JobsOptions | undefined;
  warn(message: string): void;
}

/** Opens the book with what the index knows. */
export function openBook<W extends Work>(kind: WorkKind<W>, ports: BookPorts): Book<W> {
  const { state, warn } = ports;
  const { indexPrefix, decode } = kind;
  const works = new Map<string, W>();
  const learn = (id: string, text: string | undefined) => {
    const work = text === undefined ? undefined : decode(text);
    if (work === undefined) works.delete(id);
    else works.set(id, work);
  };
  for (const [key, text] of state.list(indexPrefix)) learn(key.slice(indexPrefix.length), text);
  const unwatch = state.watch((key, text) => {
    if (key.startsWith(indexPrefix)) learn(key.slice(indexPrefix.length), text);
  });

  const index = async (work: W): Promise<void> => {
    works.set(work.id, work);
    // The buckets hold the work; an index that cannot be written now is made anew from them.
    await state
      .set(indexPrefix + work.id, JSON.stringify(work))
      .catch((error: unknown) => warn(`${kind.name} ${work.id} is not in the index: ${String(error)}`));
  };
  /** One write of a work's record after the other, or an older one could end up on top. */
  const turns = new Map<string, Promise<void>>();
  const inTurn = (id: string, work: () => Promise<void>): Promise<void> => {
    const turn = (turns.get(id) ?? Promise.resolve()).then(work).finally(() => {
      if (turns.get(id) === turn) turns.delete(id);
    });
    turns.set(id, turn);
    return turn;
  };
  const fetch = async (id: string): Promise<W | undefined> => {
    const found = await readNewest(kind, ports, id);
    return works.get(id) ?? found; // learnt meanwhile
  };
  return {
    kind,
    get: id => works.get(id),
    open: () => [...works.values()].filter(kind.isOpen),
    closed: () => [...works.values()].filter(work => !kind.isOpen(work)),
    all: () => works.values(),
    add: index,
    save: async work => {
      const known = works.get(work.id);
      if (known === undefined || known.removing) return;
      await index({ ...work, revision: revisionOf(known) + 1 });
      await inTurn(work.id, async () => {
        const latest = works.get(work.id);
        if (latest !== undefined && !latest.removing) await writeRecord(kind, ports, latest);
      });
    },
    removing: async work => {
      const known = works.get(work.id) ?? work;
      const isNew = !known.removing;
      const removing: W = isNew ? { ...known, revision: revisionOf(known) + 1, removing: true } : known;
      if (isNew) await index(removing);
      await inTurn(work.id, async () => {
        if (isNew) await writeRecord(kind, ports, removing);
      });
    },
    forget: async id => {
      works.delete(id);
      await state.delete(indexPrefix + id);
    },
    fetch,
    yields: async work => {
      const written = await readNewest(kind, ports, work.id).catch(() => undefined); // who cannot ask goes on
      if (written === undefined || written.owner === work.owner) return false;
      await index(written);
      return true;
    },
    stop: unwatch,
  };
}
