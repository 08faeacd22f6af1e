import { type Poster, postSigned } from '../backends/post.ts';
import type { Clock } from '../core/clock.ts';
import type { Job } from './job.ts';
import type { JobsOptions } from './options.ts';
import { showJob } from './show-job.ts';

/** Posts a job's end, signed, to every webhook of its tenant; resolves to whether all took it. */
export async function tellWebhooks(
  { poster, clock }: { readonly poster: Poster; readonly clock: Clock },
  webhooks: JobsOptions['webhooks'],
  job: Job,
): Promise<boolean> {
  const body = JSON.stringify({ type: 'job-finished', job: showJob(job, clock.wallMs()) });
  const heard = await Promise.all(
    webhooks
      .filter(({ tenant }) => tenant === undefined || tenant === job.tenant)
      .map(webhook => postSigned(poster, clock.wallMs(), webhook, body)),
  );
  return heard.every(ok => ok);
}
