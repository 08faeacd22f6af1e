import type { Job } from './job.ts';

/** A job as its caller sees it: no upstream endpoint, bucket or key. */
export interface ShownJob {
  readonly id: string;
  readonly model: string;
  readonly state: Job['state'];
  /** Of the newest attempt; absent before the first. */
  readonly region?: string;
  readonly attempts: readonly {
    readonly region: string;
    readonly target: string;
    readonly submittedAt: string;
    readonly givenUp?: string;
  }[];
  /** Why it waits or failed. */
  readonly detail?: string;
  readonly inferenceId: string;
  readonly inputBytes: number;
  /** Regions that hold the input. */
  readonly copies: readonly string[];
  readonly createdAt: string;
  readonly finishedAt?: string;
  /** From acceptance to now, or to its end. */
  readonly ageSeconds: number;
  /** Path of the result, once there is one. */
  readonly result?: string;
}

/** Times in ISO 8601. */
export function showJob(job: Job, nowWallMs: number): ShownJob {
  const { id, model, state, detail, inferenceId, inputBytes, copies, createdAtMs, finishedAtMs } = job;
  const region = job.result?.region ?? job.attempts.at(-1)?.region;
  return {
    id,
    model,
    state,
    ...(region !== undefined && { region }),
    attempts: job.attempts.map(({ region, target, submittedAtMs, givenUp }) => ({
      region,
      target,
      submittedAt: new Date(submittedAtMs).toISOString(),
      ...(givenUp !== undefined && { givenUp }),
    })),
    ...(detail !== undefined && { detail }),
    inferenceId,
    inputBytes,
    copies,
    createdAt: new Date(createdAtMs).toISOString(),
    ...(finishedAtMs !== undefined && { finishedAt: new Date(finishedAtMs).toISOString() }),
    ageSeconds: Math.round(((finishedAtMs ?? nowWallMs) - createdAtMs) / 1_000),
    ...(state === 'completed' && { result: `/v1/jobs/${id}/result` }),
  };
}
