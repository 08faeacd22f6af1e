import type { ObjectStore } from '../backends/object-store.ts';
import type { Book, Work } from './book.ts';
import type { Heartbeats } from './heartbeats.ts';
import { isJobId } from './job.ts';
import type { JobsOptions } from './options.ts';

/** Makes work this replica's own that was so before its index was lost, or whose replica is gone. */
export interface TakeOver {
  /** Looks through index and buckets; resolves to how much was taken over. */
  run(): Promise<number>;
}

/** What taking over needs of the rest. */
export interface TakeOverPorts<W extends Work> {
  readonly book: Book<W>;
  readonly store: ObjectStore;
  readonly replica: string;
  options(): JobsOptions | undefined;
  warn(message: string): void;
}

/** Remembers whose the work in the buckets is, so that each foreign record is read once. */
export function createTakeOver<W extends Work>(ports: TakeOverPorts<W>, heartbeats: Heartbeats): TakeOver {
  const { book, replica, store } = ports;
  const foreign = new Map<string, string>();
  return {
    run: async () => {
      const gone = new Map<string, boolean>();
      const isGone = async (owner: string): Promise<boolean> => {
        const known = gone.get(owner) ?? (await heartbeats.isGone(owner));
        gone.set(owner, known);
        return known;
      };
      let taken = 0;
      const consider = async (work: W): Promise<void> => {
        foreign.set(work.id, work.owner);
        if (work.owner !== replica && (book.kind.isOver(work) || !(await isGone(work.owner)))) return;
        await book.add({ ...work, owner: replica });
        if (work.owner !== replica) await book.save({ ...work, owner: replica }); // in the buckets too
        foreign.delete(work.id);
        taken += 1;
      };
      for (const work of book.open()) if (work.owner !== replica) await consider(work);
      for (const [region, bucket] of Object.entries(ports.options()?.buckets ?? {})) {
        try {
          const options = ports.options();
          if (options === undefined) return taken;
          for await (const ids of store.folders(region, bucket, book.kind.folders(options))) {
            for (const id of ids.filter(isJobId)) {
              if (book.get(id) !== undefined) continue;
              const owner = foreign.get(id);
              if (owner !== undefined && !(await isGone(owner))) continue;
              const work = await book.fetch(id);
              if (work !== undefined) await consider(work);
            }
          }
        } catch (error) {
          ports.warn(`the work in ${region} could not be listed: ${String(error)}`);
        }
      }
      return taken;
    },
  };
}
