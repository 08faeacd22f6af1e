import type { ObjectPlace } from '../backends/object-store.ts';
import type { Job, JobAttempt } from './job.ts';
import type { JobsOptions } from './options.ts';
import { outputPlace, placesOf } from './places.ts';
import type { JobPorts, Step } from './ports.ts';

const againMs = 60_000;
/** Between looks for what an endpoint may still write. */
const seldomMs = 600_000;
/** SageMaker keeps an invocation in its queue for 6 hours at most unless told otherwise, and works on it for one. */
const writesForMs = 7 * 3_600_000;

/**
 * Removes everything of a job, the record last; what cannot be reached now is tried again. While an endpoint may still
 * write a result that nobody awaits, the record stays, to remove that too.
 */
export async function removeJob(ports: JobPorts, job: Job, options: JobsOptions): Promise<Step> {
  await ports.book.removing({ ...job, removing: false, owner: ports.replica });
  const latest = ports.book.get(job.id) ?? job;
  const { contents, records } = placesOfJob(latest, options);
  const isAwaited = await mayBeWritten(ports, latest, options);
  const isEmpty = await removed(ports, job.id, contents);
  if (isEmpty && isAwaited) return { job, againMs: seldomMs };
  if (isEmpty && (await removed(ports, job.id, records))) await ports.book.forget(job.id);
  return { job, againMs };
}

/** Whether some attempt that did not end in the job's result has written neither output nor failure yet. */
async function mayBeWritten(ports: JobPorts, job: Job, options: JobsOptions): Promise<boolean> {
  const since = ports.clock.wallMs() - writesForMs;
  const open = job.attempts.filter(
    ({ outputLocation, submittedAtMs }) => outputLocation !== job.result?.location && submittedAtMs > since,
  );
  const written = await Promise.all(open.map(attempt => hasWritten(ports, attempt, options)));
  return written.includes(false);
}

/** A region that cannot be asked may still write. */
async function hasWritten({ store }: JobPorts, attempt: JobAttempt, options: JobsOptions): Promise<boolean> {
  const looks = await Promise.allSettled(placesOfAttempt(attempt, options).map(place => store.look(place)));
  return looks.length === 0 || looks.some(look => look.status === 'fulfilled' && look.value !== undefined);
}

/** Removes a withdrawn job's input; its record stays, to say so. */
export async function removeInput(ports: JobPorts, job: Job, options: JobsOptions): Promise<void> {
  await removed(
    ports,
    job.id,
    copiesOf(job, options).map(region => placesOf(options, region, job.id).input),
  );
}

function copiesOf({ copies }: Job, options: JobsOptions): readonly string[] {
  return copies.filter(region => Object.hasOwn(options.buckets, region));
}

function placesOfJob(job: Job, options: JobsOptions): { contents: ObjectPlace[]; records: ObjectPlace[] } {
  const own = copiesOf(job, options).map(region => placesOf(options, region, job.id));
  const written = job.attempts.flatMap(attempt => placesOfAttempt(attempt, options));
  const claims = own.flatMap(({ claim }) => [...job.attempts, undefined].map((_, index) => claim(index + 1)));
  return {
    contents: [...own.flatMap(({ input, withdrawn }) => [input, withdrawn]), ...written, ...claims],
    records: own.map(({ record }) => record),
  };
}

function placesOfAttempt(attempt: JobAttempt, options: JobsOptions): readonly ObjectPlace[] {
  const { region, outputLocation, failureLocation } = attempt;
  return [outputLocation, failureLocation].flatMap(location => outputPlace(options, region, location) ?? []);
}

async function removed(ports: JobPorts, id: string, places: readonly ObjectPlace[]): Promise<boolean> {
  const deletions = await Promise.allSettled(places.map(place => ports.store.delete(place)));
  const failures = deletions.filter(deletion => deletion.status === 'rejected');
  for (const { reason } of failures.slice(0, 1)) ports.warn(`job ${id} cannot be removed whole now: ${String(reason)}`);
  return failures.length === 0;
}
