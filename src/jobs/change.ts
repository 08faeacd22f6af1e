import type { JobOutcome } from '../core/events.ts';
import { isOver, type Job, type JobEvent, nextState } from './job.ts';
import type { JobPorts } from './ports.ts';

const outcomes: Readonly<Partial<Record<JobEvent, JobOutcome>>> = { produced: 'answered', refused: 'refused' };

/** Applies an event, saves the job and tells the observers. Events that mean nothing now change nothing. */
export async function change(
  ports: JobPorts,
  job: Job,
  event: JobEvent,
  more: Partial<Pick<Job, 'attempts' | 'detail' | 'result'>> = {},
  outcome: JobOutcome | undefined = outcomes[event],
): Promise<Job> {
  const current = ports.book.get(job.id);
  if (current === undefined) return job; // removed meanwhile
  const state = nextState(current.state, event);
  if (state === undefined) return current;
  // Not of the job as its caller knew it: it may have been handed to an endpoint meanwhile.
  const { detail: _, ...rest } = current;
  const next: Job = {
    ...rest,
    ...more,
    state,
    ...(isOver(state) && { finishedAtMs: ports.clock.wallMs() }),
  };
  await ports.book.save(next);
  const { id, tenant, model, createdAtMs, attempts } = next;
  const attempt = attempts.at(-1);
  const region = next.result?.region ?? attempt?.region;
  const ageMs = ports.clock.wallMs() - createdAtMs;
  ports.emit({
    type: 'job-changed',
    id,
    tenant,
    model,
    from: current.state,
    to: state,
    region,
    ageMs,
    detail: next.detail,
    ...(outcome && job.state === 'running' && { outcome }),
    ...(attempt?.drawn && { drawn: { ...attempt.drawn, target: attempt.target } }),
  });
  return next;
}

/** Saves what is no change of state, unless the job is withdrawn or removed meanwhile. */
export async function amend(ports: JobPorts, job: Job, more: Partial<Pick<Job, 'copies' | 'detail'>>): Promise<Job> {
  const current = ports.book.get(job.id);
  if (current === undefined || isOver(current.state)) return current ?? job;
  const next = { ...current, ...more };
  await ports.book.save(next);
  return next;
}

/**
 * Marks the newest attempt as given up and lets the job be tried elsewhere, or not any more.
 * @param outcome undefined where the endpoint had no time to fail
 */
export async function giveUp(ports: JobPorts, job: Job, why: string, outcome?: 'failed'): Promise<Job> {
  const attempts = job.attempts.map((attempt, index) =>
    index === job.attempts.length - 1 ? { ...attempt, givenUp: why } : attempt,
  );
  const often = attempts.length > (ports.options()?.maxResubmissions ?? 0);
  return change(ports, job, often ? 'exhausted' : 'lost', { attempts, detail: why }, outcome);
}
