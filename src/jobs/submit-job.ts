import type { ObjectPlace } from '../backends/object-store.ts';
import { copyObject } from './accept.ts';
import { amend, change } from './change.ts';
import { createHeartbeats } from './heartbeats.ts';
import type { Job } from './job.ts';
import type { JobsOptions } from './options.ts';
import { locationOf, outputPlace, placesOf } from './places.ts';
import type { JobPorts, Step } from './ports.ts';
import { readText } from './read-text.ts';

/** Between tries to find a region for a job. */
const waitMs = 2_000;
/** How long another replica may take over a submission it has claimed. */
const claimMs = 30_000;

/** Hands a queued job to an endpoint: where its input is and it was not tried, else elsewhere, else again. */
export async function submitJob(ports: JobPorts, job: Job, options: JobsOptions): Promise<Step> {
  const { job: stored, regions } = await chooseRegions(ports, job, options);
  if (regions.length === 0)
    return wait(ports, stored, `waits for ${stored.copies.join(' or ')}, which holds its input`);
  if (!(await claimed(ports, stored, options))) return { job: stored, againMs: waitMs };
  const inputs = new Map(regions.map(region => [region, locationOf(placesOf(options, region, stored.id).input)]));
  const { clock } = ports;
  const submission = await ports.submit(stored, inputs);
  const now = ports.book.get(job.id);
  if (now === undefined) return { job: stored, againMs: 0 }; // removed meanwhile
  if (submission.by === 'caller')
    return { job: await change(ports, stored, 'refused', { detail: submission.detail }), againMs: 0 };
  if (submission.by === 'nobody') return wait(ports, stored, submission.detail);
  const { by: _, ...accepted } = submission;
  const attempt = { ...accepted, submittedAtMs: clock.wallMs() };
  const attempts = [...stored.attempts, attempt];
  if (now.state !== 'queued') {
    await ports.book.save({ ...now, attempts }); // withdrawn meanwhile: its output is to be removed with it
    return { job: now, againMs: 0 };
  }
  if (outputPlace(options, attempt.region, attempt.outputLocation) === undefined) {
    const detail = `the endpoint in ${attempt.region} writes to a place that jobs.places does not allow`;
    ports.warn(`job ${job.id}: ${detail}: ${attempt.outputLocation}`);
    return { job: await change(ports, stored, 'refused', { attempts, detail }), againMs: 0 };
  }
  return { job: await change(ports, stored, 'accepted', { attempts }), againMs: options.pollMs };
}

async function wait(ports: JobPorts, job: Job, detail: string): Promise<Step> {
  return { job: job.detail === detail ? job : await amend(ports, job, { detail }), againMs: waitMs };
}

/** Where the job may go now; the input is copied to a new region when all that hold it were tried or are gone. */
async function chooseRegions(
  ports: JobPorts,
  job: Job,
  options: JobsOptions,
): Promise<{ job: Job; regions: readonly string[] }> {
  const serving = ports.regionsFor(job).filter(region => ports.regionState(region) === 'serving');
  const tried = new Set(job.attempts.map(({ region }) => region));
  const holding = serving.filter(region => job.copies.includes(region));
  const fresh = holding.filter(region => !tried.has(region));
  if (fresh.length > 0) return { job, regions: fresh };
  for (const region of serving) {
    if (tried.has(region) || job.copies.includes(region)) continue;
    const copied = await copyInput(ports, job, options, region);
    if (copied !== undefined) return { job: copied, regions: [region] };
  }
  return { job, regions: holding };
}

/** The job with one more copy of its input; undefined when no region gave it, or the new one did not take it. */
async function copyInput(ports: JobPorts, job: Job, options: JobsOptions, to: string): Promise<Job | undefined> {
  const inputIn = (region: string): ObjectPlace => placesOf(options, region, job.id).input;
  for (const from of job.copies) {
    const { whole, bytes, failures } = await ports.copies.through(() =>
      copyObject(ports.store, inputIn(from), inputIn(to)),
    );
    if (whole.length > 0 && bytes === job.inputBytes) {
      return amend(ports, job, { copies: [...job.copies, to] });
    }
    for (const { reason } of failures)
      ports.warn(`the input of job ${job.id} was not copied from ${from} to ${to}: ${reason}`);
  }
  return undefined;
}

/** Whether this replica makes the next submission: the first to write the claim does, or another once that is old or its writer gone. */
async function claimed(ports: JobPorts, job: Job, options: JobsOptions): Promise<boolean> {
  const mine = Buffer.from(`${ports.replica} ${ports.clock.wallMs()}`);
  for (const region of job.copies) {
    const place = placesOf(options, region, job.id).claim(job.attempts.length + 1);
    try {
      if (await ports.store.put(place, mine, 'text/plain', true)) return true;
      if (await ports.book.yields(job)) return false;
      const [replica, atMs] = ((await readText(ports.store, place)) ?? '').split(' ');
      if (replica === undefined || replica === ports.replica || ports.clock.wallMs() - Number(atMs) > claimMs)
        return true;
      return await createHeartbeats(ports).isGone(replica);
    } catch (error) {
      ports.warn(`job ${job.id} cannot be claimed in ${region}: ${String(error)}`);
    }
  }
  return true; // no bucket answers: rather twice than never
}
