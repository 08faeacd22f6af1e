import type { InvokeFields } from '../core/request.ts';
import type { DrawnJob } from '../core/split.ts';
import type { Work } from './book.ts';

/**
 * `queued`: no endpoint has it, `running`: an endpoint has taken it into its queue (SageMaker does not tell more); the
 * other three are final.
 */
export type JobState = 'queued' | 'running' | 'completed' | 'failed' | 'cancelled';

/** What may happen to a job. */
export type JobEvent =
  /** An endpoint took it. */
  | 'accepted'
  /** A result is there, of whichever attempt. */
  | 'produced'
  /** The model refused the input: no other region would take it. */
  | 'refused'
  /** Its attempt failed, took too long, or its region was evacuated; it may be tried elsewhere. */
  | 'lost'
  /** The same, and it was tried often enough. */
  | 'exhausted'
  /** Its caller wants it no more. */
  | 'withdrawn';

const transitions: Readonly<Record<JobState, Partial<Record<JobEvent, JobState>>>> = {
  queued: {
    accepted: 'running',
    produced: 'completed', // late, by an attempt that was given up
    refused: 'failed',
    exhausted: 'failed',
    withdrawn: 'cancelled',
  },
  running: {
    produced: 'completed',
    refused: 'failed',
    lost: 'queued',
    exhausted: 'failed',
    withdrawn: 'cancelled',
  },
  completed: {},
  failed: {},
  cancelled: {},
};

/** The state after `event`; undefined when it means nothing in this state, as late duplicates of final jobs do. */
export function nextState(state: JobState, event: JobEvent): JobState | undefined {
  return transitions[state][event];
}

/** Whether nothing will change any more. */
export function isOver(state: JobState): boolean {
  return state === 'completed' || state === 'failed' || state === 'cancelled';
}

const jobId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether a text may be a job's id. */
export function isJobId(text: string): boolean {
  return jobId.test(text);
}

/** One submission that an endpoint accepted. */
export interface JobAttempt {
  readonly region: string;
  /** Public name of the target. */
  readonly target: string;
  readonly submittedAtMs: number;
  /** `s3://…` */
  readonly outputLocation: string;
  readonly failureLocation: string;
  /** Its place in a canary's experiment: whichever replica sees its end counts it. */
  readonly drawn?: DrawnJob;
  /** Why it was given up. */
  readonly givenUp?: string;
}

/** A job; `copies` hold its input too. */
export interface Job extends Work {
  readonly inputBytes: number;
  /** As every endpoint is told it; the same for every attempt. */
  readonly inferenceId: string;
  readonly fields: Pick<InvokeFields, 'contentType' | 'accept' | 'customAttributes' | 'invocationTimeoutSeconds'>;
  /** Residency classes it is bound to; undefined means unbound. */
  readonly residency: readonly string[] | undefined;
  readonly state: JobState;
  readonly attempts: readonly JobAttempt[];
  /** Why it is not running, or why it failed. */
  readonly detail?: string;
  /** Of `completed` jobs: which attempt's result counts. */
  readonly result?: { readonly region: string; readonly location: string };
  /** Who is to be told of its end was told. */
  readonly told?: boolean;
}
