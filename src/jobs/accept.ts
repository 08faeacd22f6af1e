import type { ObjectPlace, ObjectStore } from '../backends/object-store.ts';
import { GatewayError } from '../core/errors.ts';
import type { Job } from './job.ts';
import type { JobsOptions } from './options.ts';
import { placesOf } from './places.ts';
import { type Uploaded, uploadTo } from './upload.ts';

/** A job that is not accepted yet: its payload is still to come. */
export type NewJob = Omit<Job, 'copies' | 'inputBytes' | 'state' | 'attempts'>;

/** What accepting a job needs of the rest. */
export interface AcceptPorts {
  readonly store: ObjectStore;
  readonly options: JobsOptions;
  /** Regions that may ever serve the job and have a bucket, the best first. */
  readonly regions: readonly string[];
  /** Something of a job that was not accepted could not be removed: found later, it would be run. */
  leftBehind(job: Job): Promise<void>;
  warn(message: string): void;
}

/**
 * Stores payload and record in as many regions as the config asks for, and as there are for this job. Resolves once
 * both are durable. Rejects, with nothing left behind that could become a job, when the payload breaks off or too few
 * regions take it.
 */
export async function acceptJob(ports: AcceptPorts, job: NewJob, payload: AsyncIterable<Buffer>): Promise<Job> {
  const { store, options, regions } = ports;
  const wanted = Math.min(options.inputCopies, regions.length);
  const inputIn = (region: string) => placesOf(options, region, job.id).input;
  const contentType = job.fields.contentType ?? 'application/octet-stream';
  const first = await uploadTo(store, regions.slice(0, wanted).map(inputIn), contentType, payload);
  const { whole, failures } = await complete(ports, first, regions.slice(wanted).map(inputIn), wanted);
  for (const { region, reason } of failures) {
    ports.warn(`the input of job ${job.id} is not in ${region}: ${reason}`);
    void store.delete(inputIn(region)).catch(() => undefined); // a write that seemed to fail may have come through
  }
  const copies = whole.map(({ region }) => region);
  const accepted: Job = { ...job, inputBytes: first.bytes, copies, state: 'queued', attempts: [] };
  try {
    if (copies.length < wanted) throw tooFew(copies.length, wanted);
    const record = Buffer.from(JSON.stringify(accepted));
    const written = await Promise.allSettled(
      copies.map(region => store.put(placesOf(options, region, job.id).record, record, 'application/json')),
    );
    const kept = written.filter(({ status }) => status === 'fulfilled').length;
    if (kept < wanted) throw tooFew(kept, wanted);
    return accepted;
  } catch (error) {
    await discard(ports, accepted);
    throw error;
  }
}

/** Makes up for regions that failed: copies from one that holds the payload to others. */
async function complete(
  { store }: AcceptPorts,
  uploaded: Uploaded,
  others: readonly ObjectPlace[],
  wanted: number,
): Promise<Pick<Uploaded, 'whole' | 'failures'>> {
  const whole = [...uploaded.whole];
  const failures = [...uploaded.failures];
  for (const place of others) {
    const [source] = whole;
    if (source === undefined || whole.length >= wanted) break;
    const copy = await copyObject(store, source, place);
    whole.push(...copy.whole);
    failures.push(...copy.failures);
  }
  return { whole, failures };
}

/** Copies an object from one region's bucket to another's, a few parts at a time. */
export async function copyObject(store: ObjectStore, from: ObjectPlace, to: ObjectPlace): Promise<Uploaded> {
  try {
    const found = await store.get(from);
    if (found === undefined) throw new Error(`${from.key} is not in ${from.region}`);
    return await uploadTo(store, [to], found.contentType, found.body);
  } catch (error) {
    return { bytes: 0, whole: [], failures: [{ region: to.region, reason: String(error) }] };
  }
}

/** Records first: an input alone is no job. */
async function discard({ store, options, warn, leftBehind }: AcceptPorts, job: Job): Promise<void> {
  let isLeft = false;
  for (const name of ['record', 'input'] as const) {
    for (const region of job.copies) {
      try {
        await store.delete(placesOf(options, region, job.id)[name]);
      } catch (error) {
        isLeft = true;
        warn(`${name} of job ${job.id}, which was not accepted, is left in ${region}: ${String(error)}`);
      }
    }
  }
  if (isLeft) await leftBehind(job);
}

function tooFew(found: number, wanted: number): GatewayError {
  const message = `The job could be stored in ${found} of ${wanted} regions only, and is not accepted: repeat the call.`;
  return new GatewayError('upstream-failed', message);
}
