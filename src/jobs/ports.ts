import type { ObjectStore } from '../backends/object-store.ts';
import type { Clock } from '../core/clock.ts';
import type { Emit, RegionState } from '../core/events.ts';
import type { DrawnJob } from '../core/split.ts';
import type { Book } from './book.ts';
import type { Gate } from './gate.ts';
import type { Job, JobAttempt } from './job.ts';
import type { JobsOptions } from './options.ts';

/** What came of handing a job to the request path. */
export type Submission =
  /** An endpoint took it. */
  | {
      readonly by: 'endpoint';
      readonly region: string;
      readonly target: string;
      readonly outputLocation: string;
      readonly failureLocation: string;
      readonly drawn?: DrawnJob;
    }
  /** The service refused the call itself: it would everywhere. */
  | { readonly by: 'caller'; readonly detail: string }
  /** Not now. */
  | { readonly by: 'nobody'; readonly detail: string };

/** What working on jobs needs of the rest. */
export interface JobPorts {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly store: ObjectStore;
  readonly book: Book<Job>;
  /** What copies of inputs from region to region go through: each holds four parts in memory, as an upload does. */
  readonly copies: Gate;
  /** Resolves when calls can be signed; before that there is nothing to do but wait. */
  ready(): Promise<void>;
  /** The config in force; undefined when it has no jobs any more. */
  options(): JobsOptions | undefined;
  /** Of this replica, the same after a restart. */
  readonly replica: string;
  /** Regions with a bucket and a target that may serve the job, the best first. */
  regionsFor(job: Pick<Job, 'model' | 'residency'>): readonly string[];
  regionState(region: string): RegionState;
  /** Hands the job to the request path, with its input by region. Never rejects. */
  submit(job: Job, inputs: ReadonlyMap<string, string>): Promise<Submission>;
  /** Tells whoever waits for the job's end; resolves to whether all of them heard it. Never rejects. */
  tell(job: Job): Promise<boolean>;
  /** An endpoint's text without what callers must not see. */
  clean(job: Job, attempt: JobAttempt, text: string): string;
  warn(message: string): void;
}

/** What to do about a job next. */
export interface Step {
  /** The job as it is now, saved already. */
  readonly job: Job;
  /** When to look again, ms from now. */
  readonly againMs: number;
}
