import type { ObjectPlace, ObjectStore } from '../backends/object-store.ts';
import type { StateStore } from '../state/state.ts';
import { isOver, type Job } from './job.ts';
import type { JobsOptions } from './options.ts';
import { placesOf } from './places.ts';
import { readText } from './read-text.ts';
import { decodeJob, encodeJob } from './record.ts';

/** Where jobs are looked up: what is written here is also in the buckets, and can be read back from there. */
export interface JobBook {
  get(id: string): Job | undefined;
  /** The job whose attempts carry this inference id. */
  byInferenceId(inferenceId: string): Job | undefined;
  /** Those with something left to do, the oldest first. */
  open(): readonly Job[];
  /** Over, told and not yet removed. */
  closed(): readonly Job[];
  all(): Iterable<Job>;
  /** A job that was not known here, or not as this replica's; its records are written already. */
  add(job: Job): Promise<void>;
  /**
   * Known here at once; written to the index, then beside the input as far as its regions can be reached. Changes
   * nothing for a job that is being removed, or is.
   */
  save(job: Job): Promise<void>;
  /** From now on the job is being removed: resolves when no record of it will be written any more. */
  removing(id: string): Promise<void>;
  forget(id: string): Promise<void>;
  /** The job as the buckets know it; another replica may know more. Rejects when it may be in one that does not answer. */
  fetch(id: string): Promise<Job | undefined>;
  stop(): void;
}

/** What the book needs of the rest. */
export interface BookPorts {
  readonly state: StateStore;
  readonly store: ObjectStore;
  options(): JobsOptions | undefined;
  warn(message: string): void;
}

const indexPrefix = 'job/';

/** Opens the book with what the index knows. */
export function openBook(ports: BookPorts): JobBook {
  const { state, store, warn } = ports;
  const jobs = new Map<string, Job>();
  const learn = (id: string, text: string | undefined) => {
    const job = text === undefined ? undefined : decodeJob(text);
    if (job === undefined) jobs.delete(id);
    else jobs.set(id, job);
  };
  for (const [key, text] of state.list(indexPrefix)) learn(key.slice(indexPrefix.length), text);
  const unwatch = state.watch((key, text) => {
    if (key.startsWith(indexPrefix)) learn(key.slice(indexPrefix.length), text);
  });

  const index = async (job: Job): Promise<void> => {
    jobs.set(job.id, job);
    // The buckets hold the job; an index that cannot be written now is made anew from them.
    await state
      .set(indexPrefix + job.id, encodeJob(job))
      .catch((error: unknown) => warn(`job ${job.id} is not in the index: ${String(error)}`));
  };
  /** One write of a job's record after the other, or an older one could end up on top. */
  const turns = new Map<string, Promise<void>>();
  const inTurn = (id: string, work: () => Promise<void>): Promise<void> => {
    const turn = (turns.get(id) ?? Promise.resolve()).then(work).finally(() => {
      if (turns.get(id) === turn) turns.delete(id);
    });
    turns.set(id, turn);
    return turn;
  };
  const fetch = async (id: string): Promise<Job | undefined> => {
    const options = ports.options();
    if (options === undefined) return undefined;
    const found = await firstFound(
      Object.keys(options.buckets).map(region => readRecord(store, placesOf(options, region, id).record)),
    );
    return jobs.get(id) ?? found; // learnt meanwhile
  };
  return {
    get: id => jobs.get(id),
    byInferenceId: inferenceId =>
      jobs.get(inferenceId) ?? [...jobs.values()].find(job => job.inferenceId === inferenceId),
    open: () => [...jobs.values()].filter(isOpen),
    closed: () => [...jobs.values()].filter(job => !isOpen(job)),
    all: () => jobs.values(),
    add: index,
    save: async job => {
      const known = jobs.get(job.id);
      if (known === undefined || known.removing) return;
      await index(job);
      await inTurn(job.id, async () => {
        const latest = jobs.get(job.id);
        if (latest !== undefined && !latest.removing) await writeRecord(store, ports.options(), latest, warn);
      });
    },
    removing: async id => {
      const known = jobs.get(id);
      if (known !== undefined && !known.removing) await index({ ...known, removing: true });
      await inTurn(id, () => Promise.resolve());
    },
    forget: async id => {
      jobs.delete(id);
      await state.delete(indexPrefix + id);
    },
    fetch,
    stop: unwatch,
  };
}

function isOpen(job: Job): boolean {
  return !isOver(job.state) || !job.told || job.removing === true;
}

/** The first value there is; undefined when all say that there is none. Rejects when some could not be asked. */
async function firstFound<T>(answers: readonly Promise<T | undefined>[]): Promise<T | undefined> {
  const absent = new Error('absent');
  try {
    return await Promise.any(answers.map(answer => answer.then(value => value ?? Promise.reject(absent))));
  } catch (error) {
    const failure = (error as AggregateError).errors.find(each => each !== absent);
    if (failure === undefined) return undefined;
    throw failure;
  }
}

async function readRecord(store: ObjectStore, place: ObjectPlace): Promise<Job | undefined> {
  const text = await readText(store, place);
  return text === undefined ? undefined : decodeJob(text);
}

/** Brings the records up to date where that can be done now: one left behind only makes work be done again. */
async function writeRecord(
  store: ObjectStore,
  options: JobsOptions | undefined,
  job: Job,
  warn: (message: string) => void,
): Promise<void> {
  if (options === undefined) return;
  const bytes = Buffer.from(encodeJob(job));
  const copies = job.copies.filter(region => Object.hasOwn(options.buckets, region));
  await Promise.all(
    copies.map(region =>
      store
        .put(placesOf(options, region, job.id).record, bytes, 'application/json')
        .catch((error: unknown) => warn(`the record of job ${job.id} in ${region} is out of date: ${String(error)}`)),
    ),
  );
}
