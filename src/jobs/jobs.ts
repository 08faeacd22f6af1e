import { GatewayError } from '../core/errors.ts';
import { acceptJob, type NewJob } from './accept.ts';
import { countByState } from './book.ts';
import { createDriver } from './driver.ts';
import { isJobId, isOver, type Job } from './job.ts';
import type { JobsOptions } from './options.ts';
import { outputPlace } from './places.ts';
import type { JobPorts } from './ports.ts';
import { removeJob } from './remove-job.ts';
import { createTending } from './tending.ts';
import { withdrawJob } from './withdraw-job.ts';
import { workOnJob } from './work-on-job.ts';

/** A result as it is read from its bucket. */
export interface JobResult {
  readonly bytes: number;
  readonly contentType: string;
  /** Rejects when it breaks off. */
  readonly body: AsyncIterable<Buffer>;
}

/** Asynchronous jobs, as callers see them. What belongs to another tenant is not there. */
export interface Jobs {
  /** Resolves once the job cannot be lost any more. Rejects with a `GatewayError`, or with what broke the payload off. */
  accept(job: NewJob, payload: AsyncIterable<Buffer>): Promise<Job>;
  /** Throws `not-found`. */
  find(id: string, tenant: string): Promise<Job>;
  /** Throws `not-found`, `job-not-completed`, or `upstream-failed` while the region that holds it does not answer. */
  result(job: Job): Promise<JobResult>;
  /** Withdraws a job that is not over, and resolves to it; removes one that is. */
  withdraw(job: Job): Promise<Job | undefined>;
  /** Somebody says that there is news of this inference id: looks at its job now. */
  hint(inferenceId: string): void;
  /** By model and state, for gauges. */
  counts(): ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

/** Takes up every job that index or buckets know, and works on them until stopped. */
export function startJobs(ports: JobPorts): Jobs {
  const { book } = ports;
  const driver = createDriver({ ...ports, step: (job, options) => workOnJob(ports, job, options) });
  const tending = createTending(ports);
  const started = ports.ready().then(() => {
    driver.start();
    tending.start();
  });
  return {
    accept: async (job, payload) => {
      const accepted = await storeJob(ports, job, payload);
      driver.nudge(accepted.id);
      return accepted;
    },
    find: async (id, tenant) => {
      const job = isJobId(id) ? (book.get(id) ?? (await fetchJob(ports, id))) : undefined;
      if (job === undefined || job.removing || job.tenant !== tenant)
        throw new GatewayError('not-found', 'No such job: it was never accepted, is removed, or is not yours.');
      return job;
    },
    result: job => readResult(ports, job),
    withdraw: async job => {
      const options = optionsOf(ports);
      if (!isOver(job.state)) return withdrawJob(ports, job, options);
      await removeJob(ports, job, options);
      return undefined;
    },
    hint: inferenceId => {
      const job = book.get(inferenceId) ?? [...book.all()].find(each => each.inferenceId === inferenceId);
      if (job !== undefined && !isOver(job.state)) driver.nudge(job.id);
    },
    counts: () => countByState(book.all()),
    stop: async () => {
      await Promise.all([driver.stop(), tending.stop()]);
      await started;
      book.stop();
    },
  };
}

/** A job that this replica does not know may be another's. */
async function fetchJob(ports: JobPorts, id: string): Promise<Job | undefined> {
  try {
    return await ports.book.fetch(id);
  } catch (error) {
    ports.warn(`job ${id} cannot be looked for in every bucket: ${String(error)}`);
    throw new GatewayError('upstream-failed', 'A region that may know the job does not answer: repeat the call later.');
  }
}

async function storeJob(ports: JobPorts, job: NewJob, payload: AsyncIterable<Buffer>): Promise<Job> {
  const options = optionsOf(ports);
  const regions = ports.regionsFor(job);
  if (regions.length === 0) {
    const message = `No asynchronous target of ${job.model} with a bucket in its region may serve this job: call the model itself, or have one added.`;
    throw new GatewayError('no-eligible-target', message);
  }
  const { store, book, warn } = ports;
  const accepted = await acceptJob({ store, options, regions, leftBehind: book.removing, warn }, job, payload);
  await book.add(accepted);
  const { id, tenant, model } = accepted;
  const change = { id, tenant, model, from: undefined, to: 'queued', region: undefined, ageMs: 0, detail: undefined };
  ports.emit({ type: 'job-changed', ...change });
  return accepted;
}

function optionsOf(ports: JobPorts): JobsOptions {
  const options = ports.options();
  if (options === undefined)
    throw new GatewayError('not-found', 'There are no jobs here: the operator has to configure buckets for them.');
  return options;
}

async function readResult(ports: JobPorts, job: Job): Promise<JobResult> {
  const { result } = job;
  if (result === undefined)
    throw new GatewayError('job-not-completed', `The job is ${job.state}: look at it at /v1/jobs/${job.id}.`);
  const place = outputPlace(optionsOf(ports), result.region, result.location);
  const found = place && (await ports.store.get(place).catch((error: unknown) => unreachable(ports, job, error)));
  if (found === undefined) throw new GatewayError('not-found', 'The result is not there any more.');
  return found;
}

function unreachable(ports: JobPorts, job: Job, error: unknown): never {
  ports.warn(`the result of job ${job.id} cannot be read: ${String(error)}`);
  throw new GatewayError(
    'upstream-failed',
    `${job.result?.region}, which holds the result, does not answer: repeat the call later.`,
  );
}
