import type { ObjectPlace } from '../backends/object-store.ts';
import { change } from './change.ts';
import type { Job } from './job.ts';
import type { JobsOptions } from './options.ts';
import { placesOf } from './places.ts';
import type { JobPorts } from './ports.ts';
import { removeInput } from './remove-job.ts';
import { isMarked, mark, notNoted } from './withdrawal.ts';

/**
 * Cancels a job: no new attempt is made, and what the endpoint still makes of it is dropped. The replica that works on it
 * may be another one, so this is written beside the input too. Throws `upstream-failed` when that replica cannot hear.
 */
export async function withdrawJob(ports: JobPorts, job: Job, options: JobsOptions): Promise<Job> {
  const isNoted = await mark(ports.store, marksOf(job, options), ports.replica);
  if (!isNoted && job.owner !== ports.replica) throw notNoted();
  const known = ports.book.get(job.id) !== undefined;
  const withdrawn: Job = known
    ? await change(ports, job, 'withdrawn')
    : { ...job, state: 'cancelled', finishedAtMs: ports.clock.wallMs() };
  if (withdrawn.state === 'cancelled') await removeInput(ports, withdrawn, options);
  return withdrawn;
}

/** Whether another replica was told to cancel the job. */
export function isWithdrawn(ports: JobPorts, job: Job, options: JobsOptions): Promise<boolean> {
  return isMarked(ports.store, marksOf(job, options));
}

function marksOf(job: Job, options: JobsOptions): readonly ObjectPlace[] {
  return copiesOf(job, options).map(region => placesOf(options, region, job.id).withdrawn);
}

function copiesOf({ copies }: Job, { buckets }: JobsOptions): readonly string[] {
  return copies.filter(region => Object.hasOwn(buckets, region));
}
