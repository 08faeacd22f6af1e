import type { Heartbeats } from './heartbeats.ts';
import { isJobId, isOver, type Job } from './job.ts';
import type { JobPorts } from './ports.ts';

/** Makes jobs this replica's own that were so before its index was lost, or whose replica is gone. */
export interface TakeOver {
  /** Looks through index and buckets; resolves to how many jobs were taken over. */
  run(): Promise<number>;
}

/** Remembers whose the jobs in the buckets are, so that each foreign record is read once. */
export function createTakeOver(ports: JobPorts, heartbeats: Heartbeats): TakeOver {
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
      const consider = async (job: Job): Promise<void> => {
        foreign.set(job.id, job.owner);
        if (job.owner !== replica && (isOver(job.state) || !(await isGone(job.owner)))) return;
        await book.add({ ...job, owner: replica });
        if (job.owner !== replica) await book.save({ ...job, owner: replica }); // in the buckets too
        foreign.delete(job.id);
        taken += 1;
      };
      for (const job of book.open()) if (job.owner !== replica) await consider(job);
      for (const [region, bucket] of Object.entries(ports.options()?.buckets ?? {})) {
        try {
          for await (const ids of store.folders(region, bucket, ports.options()?.prefix ?? '')) {
            for (const id of ids.filter(isJobId)) {
              if (book.get(id) !== undefined) continue;
              const owner = foreign.get(id);
              if (owner !== undefined && !(await isGone(owner))) continue;
              const job = await book.fetch(id);
              if (job !== undefined) await consider(job);
            }
          }
        } catch (error) {
          ports.warn(`the jobs in ${region} could not be listed: ${String(error)}`);
        }
      }
      return taken;
    },
  };
}
