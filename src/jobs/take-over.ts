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

/** Records read, or written, at once: an index may have to be made anew from tens of thousands. */
const atOnce = 32;

/** Remembers whose the work in the buckets is, so that each foreign record is read once. */
export function createTakeOver<W extends Work>(ports: TakeOverPorts<W>, heartbeats: Heartbeats): TakeOver {
  const { book, replica } = ports;
  let foreign = new Map<string, string>();
  return {
    run: async () => {
      const isGone = remembered(heartbeats);
      const stillForeign = new Map<string, string>();
      let taken = 0;
      let unread: unknown;
      const consider = async (work: W): Promise<void> => {
        if (work.owner !== replica && !(await isGone(work.owner))) {
          stillForeign.set(work.id, work.owner);
          return;
        }
        await book.add({ ...work, owner: replica });
        // In the buckets too, as it is by now: it is worked on since it was added, and may be over.
        const now = book.get(work.id);
        if (work.owner !== replica && now !== undefined) await book.save({ ...now, owner: replica });
        taken += 1;
      };
      const considerId = async (id: string): Promise<void> => {
        if (book.get(id) !== undefined || stillForeign.has(id)) return;
        const owner = foreign.get(id);
        if (owner !== undefined && !(await isGone(owner))) {
          stillForeign.set(id, owner);
          return;
        }
        try {
          const work = await book.fetch(id);
          if (work !== undefined) await consider(work);
        } catch (error) {
          unread = error; // seen again at the next look
        }
      };
      await eachOf(
        [...book.all()].filter(({ owner }) => owner !== replica),
        atOnce,
        consider,
      );
      for await (const ids of idsInBuckets(ports)) await eachOf(ids, atOnce, considerId);
      foreign = stillForeign;
      if (unread !== undefined) ports.warn(`not every ${book.kind.name} could be read: ${String(unread)}`);
      return taken;
    },
  };
}

/** Asks once whether a replica is gone, however much work it has. */
function remembered(heartbeats: Heartbeats): (replica: string) => Promise<boolean> {
  const asked = new Map<string, Promise<boolean>>();
  return replica => {
    const answer = asked.get(replica) ?? heartbeats.isGone(replica);
    asked.set(replica, answer);
    return answer;
  };
}

/** Ids of all work, page by page, of every bucket that can be listed. */
async function* idsInBuckets<W extends Work>(ports: TakeOverPorts<W>): AsyncGenerator<readonly string[]> {
  for (const [region, bucket] of Object.entries(ports.options()?.buckets ?? {})) {
    try {
      const options = ports.options();
      if (options === undefined) return;
      for await (const ids of ports.store.folders(region, bucket, ports.book.kind.folders(options)))
        yield ids.filter(isJobId);
    } catch (error) {
      ports.warn(`the work in ${region} could not be listed: ${String(error)}`);
    }
  }
}

/** Works on all of them, at most so many at once. */
async function eachOf<T>(items: readonly T[], workers: number, work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const worker = async (): Promise<void> => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: workers }, worker));
}
