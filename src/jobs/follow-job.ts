import { amend, change, giveUp } from './change.ts';
import type { Job, JobAttempt } from './job.ts';
import type { JobsOptions } from './options.ts';
import { outputPlace } from './places.ts';
import type { JobPorts, Step } from './ports.ts';
import { isWithdrawn, withdrawJob } from './withdraw-job.ts';

/** Jobs are looked at less often the older they are, down to this. */
const seldomMs = 30_000;
const ageShare = 0.1;
/** Of a failure object, what is shown of it. */
const shownBytes = 2_000;

/** Looks whether a result is there, of whichever attempt; else whether the newest one failed, is late or is cut off. */
export async function followJob(ports: JobPorts, job: Job, options: JobsOptions): Promise<Step> {
  if (await isWithdrawn(ports, job, options)) return { job: await withdrawJob(ports, job, options), againMs: 0 };
  for (const attempt of job.attempts.toReversed()) {
    if (await hasOutput(ports, attempt, options)) {
      const { region, outputLocation: location } = attempt;
      return { job: await change(ports, job, 'produced', { result: { region, location } }), againMs: 0 };
    }
  }
  const last = job.attempts.at(-1);
  if (job.state !== 'running' || last === undefined) return { job, againMs: 0 };
  const failure = await failureOf(ports, last, options);
  if (failure !== undefined) return { job: await failed(ports, job, ports.clean(job, last, failure)), againMs: 0 };
  const ageMs = ports.clock.wallMs() - last.submittedAtMs;
  if (ageMs > options.resubmitAfterMs) {
    const why = `no result from ${last.region} within ${Math.round(options.resubmitAfterMs / 1_000)} s`;
    return { job: await giveUp(ports, job, why, 'failed'), againMs: 0 };
  }
  const state = ports.regionState(last.region);
  const againMs = Math.min(seldomMs, Math.max(options.pollMs, ageMs * ageShare));
  if (state === 'serving') return { job, againMs };
  const mayMove = job.attempts.length <= options.maxResubmissions && elsewhere(ports, job, last);
  if (mayMove) return { job: await giveUp(ports, job, `${last.region} was ${state}`), againMs: 0 };
  const detail = `waits for ${last.region}, which is ${state}`;
  return { job: job.detail === detail ? job : await amend(ports, job, { detail }), againMs };
}

/** Whether another region that may serve the job is well. */
function elsewhere(ports: JobPorts, job: Job, last: JobAttempt): boolean {
  return ports.regionsFor(job).some(region => region !== last.region && ports.regionState(region) === 'serving');
}

/** A region that cannot be asked has nothing yet. */
async function hasOutput(ports: JobPorts, attempt: JobAttempt, options: JobsOptions): Promise<boolean> {
  const place = outputPlace(options, attempt.region, attempt.outputLocation);
  if (place === undefined) return false;
  return (await ports.store.look(place).catch(() => undefined)) !== undefined;
}

/** What the failure object says, which is free text; undefined while there is none. */
async function failureOf(ports: JobPorts, attempt: JobAttempt, options: JobsOptions): Promise<string | undefined> {
  const place = outputPlace(options, attempt.region, attempt.failureLocation);
  if (place === undefined) return undefined;
  const found = await ports.store.get(place).catch(() => undefined);
  if (found === undefined) return undefined;
  let text = '';
  try {
    for await (const chunk of found.body) {
      text += chunk.toString();
      if (text.length >= shownBytes) break;
    }
  } catch {
    // what was read says enough: the object is there
  }
  return text.slice(0, shownBytes) || 'the endpoint wrote an empty failure';
}

/** A model's 4xx is about the input; anything else may be about the region. */
function failed(ports: JobPorts, job: Job, failure: string): Promise<Job> {
  const refused = /\bclient error \(4\d\d\)/i.test(failure);
  return refused ? change(ports, job, 'refused', { detail: failure }) : giveUp(ports, job, failure, 'failed');
}
