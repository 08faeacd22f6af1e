import type { Cancel } from '../core/clock.ts';
import { change } from './change.ts';
import { followJob } from './follow-job.ts';
import { isOver, type Job } from './job.ts';
import type { JobsOptions } from './options.ts';
import type { JobPorts, Step } from './ports.ts';
import { removeJob } from './remove-job.ts';
import { submitJob } from './submit-job.ts';

/** Jobs worked on at once. */
const mostAtOnce = 32;
const tickMs = 50;
/** Between two looks for jobs past their retention: a share of it, but not seldom. */
const sweepShare = 0.1;
const sweepAtMostMs = 60_000;
/** Between tries to tell whoever waits for a job's end; doubled each time. */
const tellAgainMs = 2_000;
const tellAtMostMs = 600_000;
/** A webhook that has not listened for this long is given up. */
const tellGiveUpMs = 86_400_000;

/** Works on every open job of this replica, a step at a time. */
export interface Driver {
  start(): void;
  /** Looks at the job now. */
  nudge(id: string): void;
  /** Takes no new step; resolves when those under way are over. */
  stop(): Promise<void>;
}

/** Does nothing until started. */
export function createDriver(ports: JobPorts): Driver {
  const { clock, book } = ports;
  /** When each job is to be looked at, monotonic ms; at once when it is not there. */
  const dueAt = new Map<string, number>();
  const running = new Map<string, Promise<void>>();
  const work = async (job: Job, options: JobsOptions): Promise<void> => {
    try {
      const { againMs } = await stepOf(ports, job, options);
      dueAt.set(job.id, clock.now() + againMs);
    } catch (error) {
      ports.warn(`a step of job ${job.id} failed: ${error instanceof Error ? error.stack : String(error)}`);
      dueAt.set(job.id, clock.now() + tellAgainMs);
    } finally {
      running.delete(job.id);
      if (book.get(job.id) === undefined) dueAt.delete(job.id);
    }
  };
  const sweep = (options: JobsOptions) => {
    for (const job of book.closed()) {
      if (running.size >= mostAtOnce) return;
      const expired = clock.wallMs() - (job.finishedAtMs ?? 0) > options.retentionHours * 3_600_000;
      if (expired && job.owner === ports.replica && !running.has(job.id))
        running.set(job.id, work({ ...job, removing: true }, options));
    }
  };
  let stops: Cancel[] | undefined;
  let sweepAt = Number.NEGATIVE_INFINITY;
  const tick = () => {
    const options = ports.options();
    if (options === undefined || running.size >= mostAtOnce) return;
    const now = clock.now();
    if (now >= sweepAt) {
      sweepAt = now + Math.min(sweepAtMostMs, options.retentionHours * 3_600_000 * sweepShare);
      sweep(options);
    }
    for (const job of book.open()) {
      if (running.size >= mostAtOnce) return;
      if (job.owner !== ports.replica || running.has(job.id) || (dueAt.get(job.id) ?? 0) > now) continue;
      running.set(job.id, work(job, options));
    }
  };
  return {
    start: () => {
      stops ??= [clock.every(tickMs, tick)];
    },
    nudge: id => {
      dueAt.delete(id);
      if (stops !== undefined) tick();
    },
    stop: async () => {
      for (const stop of stops ?? []) stop();
      stops = []; // a start that comes late must not work
      await Promise.all(running.values());
    },
  };
}

async function stepOf(ports: JobPorts, job: Job, options: JobsOptions): Promise<Step> {
  if (job.removing) return removeJob(ports, job, options);
  if (isOver(job.state)) return tellEnd(ports, job);
  if (job.state === 'running') return followJob(ports, job, options);
  if (ports.clock.wallMs() - job.createdAtMs > options.retentionHours * 3_600_000) {
    const detail = `no region took it within ${options.retentionHours} hours: ${job.detail ?? 'it was never tried'}`;
    return { job: await change(ports, job, 'exhausted', { detail }), againMs: 0 };
  }
  const late = await followJob(ports, job, options);
  return late.job.state === 'queued' ? submitJob(ports, late.job, options) : late;
}

async function tellEnd(ports: JobPorts, job: Job): Promise<Step> {
  const sinceMs = ports.clock.wallMs() - (job.finishedAtMs ?? 0);
  const heard = await ports.tell(job);
  if (!heard && sinceMs < tellGiveUpMs) return { job, againMs: Math.min(tellAtMostMs, Math.max(tellAgainMs, sinceMs)) };
  if (!heard) ports.warn(`the end of job ${job.id} was told to nobody: its webhook does not answer`);
  const told = { ...job, told: true };
  await ports.book.save(told);
  return { job: told, againMs: 0 };
}
