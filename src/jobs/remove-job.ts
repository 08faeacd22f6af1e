import type { ObjectPlace } from '../backends/object-store.ts';
import type { Job } from './job.ts';
import type { JobsOptions } from './options.ts';
import { outputPlace, placesOf } from './places.ts';
import type { JobPorts, Step } from './ports.ts';

const againMs = 60_000;

/** Removes everything of a job, the record last; what cannot be reached now is tried again. */
export async function removeJob(ports: JobPorts, job: Job, options: JobsOptions): Promise<Step> {
  await ports.book.removing(job.id);
  const { contents, records } = placesOfJob(job, options);
  const gone = (await removed(ports, job.id, contents)) && (await removed(ports, job.id, records));
  if (gone) await ports.book.forget(job.id);
  return { job, againMs };
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
  const written = job.attempts.flatMap(({ region, outputLocation, failureLocation }) =>
    [outputLocation, failureLocation].flatMap(location => outputPlace(options, region, location) ?? []),
  );
  const claims = own.flatMap(({ claim }) => [...job.attempts, undefined].map((_, index) => claim(index + 1)));
  return {
    contents: [...own.flatMap(({ input, withdrawn }) => [input, withdrawn]), ...written, ...claims],
    records: own.map(({ record }) => record),
  };
}

async function removed(ports: JobPorts, id: string, places: readonly ObjectPlace[]): Promise<boolean> {
  const deletions = await Promise.allSettled(places.map(place => ports.store.delete(place)));
  const failures = deletions.filter(deletion => deletion.status === 'rejected');
  for (const { reason } of failures.slice(0, 1)) ports.warn(`job ${id} cannot be removed whole now: ${String(reason)}`);
  return failures.length === 0;
}
