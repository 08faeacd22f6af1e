import { change } from './change.ts';
import { followJob } from './follow-job.ts';
import { isOver, type Job } from './job.ts';
import type { JobsOptions } from './options.ts';
import type { JobPorts } from './ports.ts';
import { removeJob } from './remove-job.ts';
import { submitJob } from './submit-job.ts';
import { tellEnd } from './tell-end.ts';

/** Does what is to be done about a job next; resolves to when to look again, ms from now. */
export async function workOnJob(
  ports: JobPorts,
  job: Job,
  options: JobsOptions,
): Promise<{ readonly againMs: number }> {
  if (job.removing) return removeJob(ports, job, options);
  if (isOver(job.state)) return tellEnd(ports, job);
  if (job.state === 'running') return followJob(ports, job, options);
  if (ports.clock.wallMs() - job.createdAtMs > options.retentionHours * 3_600_000) {
    const detail = `no region took it within ${options.retentionHours} hours: ${job.detail ?? 'it was never tried'}`;
    await change(ports, job, 'exhausted', { detail });
    return { againMs: 0 };
  }
  const late = await followJob(ports, job, options);
  return late.job.state === 'queued' ? submitJob(ports, late.job, options) : late;
}
