import { createHash } from 'node:crypto';
import { GatewayError } from '../core/errors.ts';
import type { Model } from '../core/model.ts';
import type { Hints, InferenceRequest } from '../core/request.ts';
import type { Served } from '../core/result.ts';
import type { DrawnJob } from '../core/split.ts';
import { CallFailed } from '../inference/call-failed.ts';
import type { Job } from '../jobs/job.ts';
import type { Submission } from '../jobs/ports.ts';
import { failureLocationHeader, outputLocationHeader } from '../wire/sagemaker-runtime.ts';
import type { Parts } from './parts.ts';

/** What submitting jobs needs beside the parts. */
export interface SubmissionPorts {
  serve(model: Model, request: InferenceRequest): Promise<Served>;
  /** A job's place in a canary's experiment, once a target has taken it. */
  drawnJob(id: string): DrawnJob | undefined;
}

const emptySha256 = createHash('sha256').update('').digest('hex');
const hints: Hints = { fallback: 'none', cache: { noCache: true, noStore: true } };

/** What routing looks at of a job's submission: residency was settled when the job was accepted. */
export function jobRequest(parts: Parts, { residency }: Pick<Job, 'residency'>) {
  return {
    operation: 'invoke' as const,
    fields: {},
    hints,
    // Nobody waits for a submission: it can be made again later, when less is short.
    caller: {
      tenant: 'jobs',
      priority: 'sheddable' as const,
      ...(residency !== undefined && { residency: new Set(residency) }),
    },
    clientAttempt: 1,
    arrivedAt: parts.clock.now(),
    queued: {},
  };
}

/** Hands a job to a target, down the ordinary request path. @param inputs where its input is, by region */
export async function submitJob(
  parts: Parts,
  { serve, drawnJob }: SubmissionPorts,
  job: Job,
  inputs: ReadonlyMap<string, string>,
): Promise<Submission> {
  const model = parts.config().models.get(job.model);
  if (model === undefined) return { by: 'nobody', detail: `the model ${job.model} is not configured any more` };
  const base = jobRequest(parts, job);
  const request: InferenceRequest = {
    ...base,
    id: job.id,
    model: model.name,
    body: Buffer.alloc(0),
    bodySha256: emptySha256,
    fields: { ...job.fields, inferenceId: job.inferenceId },
    caller: { ...base.caller, tenant: job.tenant },
    queued: { inputs, followed: true },
    signal: new AbortController().signal,
  };
  try {
    const { answer, target } = await serve(model, request);
    if (answer.status >= 400)
      return { by: 'caller', detail: answer.refusal?.message ?? `refused with ${answer.status}` };
    const outputLocation = answer.headers[outputLocationHeader];
    const failureLocation = answer.headers[failureLocationHeader] ?? '';
    if (outputLocation === undefined || target === undefined)
      return { by: 'nobody', detail: 'the endpoint did not say where its output will be' };
    const drawn = drawnJob(job.id);
    const where = { region: target.region, target: target.name, outputLocation, failureLocation };
    return { by: 'endpoint', ...where, ...(drawn && { drawn }) };
  } catch (error) {
    if (error instanceof CallFailed) return { by: 'nobody', detail: error.error.message };
    if (error instanceof GatewayError) return { by: 'nobody', detail: error.message };
    throw error;
  }
}
