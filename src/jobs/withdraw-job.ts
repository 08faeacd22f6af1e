import { change } from './change.ts';
import type { Job } from './job.ts';
import type { JobsOptions } from './options.ts';
import { placesOf } from './places.ts';
import type { JobPorts } from './ports.ts';
import { removeInput } from './remove-job.ts';

/**
 * Cancels a job: no new attempt is made, and what the endpoint still makes of it is dropped. The replica that works on it
 * may be another one, so this is written beside the input too.
 */
export async function withdrawJob(ports: JobPorts, job: Job, options: JobsOptions): Promise<Job> {
  const marks = copiesOf(job, options).map(region => placesOf(options, region, job.id).withdrawn);
  await Promise.allSettled(marks.map(mark => ports.store.put(mark, Buffer.from(ports.replica), 'text/plain')));
  const known = ports.book.get(job.id) !== undefined;
  const withdrawn: Job = known
    ? await change(ports, job, 'withdrawn')
    : { ...job, state: 'cancelled', finishedAtMs: ports.clock.wallMs() };
  if (withdrawn.state === 'cancelled') await removeInput(ports, withdrawn, options);
  return withdrawn;
}

/** Whether another replica was told to cancel the job. */
export async function isWithdrawn(ports: JobPorts, job: Job, options: JobsOptions): Promise<boolean> {
  const [region] = copiesOf(job, options);
  if (region === undefined) return false;
  const place = placesOf(options, region, job.id).withdrawn;
  return (await ports.store.look(place).catch(() => undefined)) !== undefined;
}

function copiesOf({ copies }: Job, { buckets }: JobsOptions): readonly string[] {
  return copies.filter(region => Object.hasOwn(buckets, region));
}
