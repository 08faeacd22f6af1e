import type { Clock } from '../../core/clock.ts';
import type { GatewayEvent } from '../../core/events.ts';
import type { Model } from '../../core/model.ts';
import type { DrawnJob } from '../../core/split.ts';
import type { Target } from '../../core/target.ts';
import type { Side } from './counts.ts';
import type { VersionCalled } from './observer.ts';

/** Whether a call was put in its target's queue and is heard of again: only its end says how the version did. */
export function isFollowed({ request, attempts, arm }: VersionCalled): boolean {
  const [first] = attempts;
  const own = arm?.side === 'stable' || first?.target.version === arm?.canary;
  return request.queued?.followed === true && first?.result.outcome === 'ok' && own;
}

/** A job of a canary's experiment that a target has taken. */
interface TakenJob {
  readonly trial: string;
  readonly side: Side;
  readonly target: Target;
  /** Monotonic ms. */
  readonly sinceMs: number;
}

/** One that has ended. */
export interface EndedJob extends Omit<TakenJob, 'sinceMs'> {
  /** Undefined where another process handed it in: nobody may have looked when it was done. */
  readonly tookMs: number | undefined;
}

/** Jobs between the moment a target took them and their end. */
export interface FollowedJobs {
  /** @param trial what its call is counted under */
  taken(event: VersionCalled, trial: string): void;
  /** A job that this process handed in, if it is of an experiment. */
  drawn(id: string): DrawnJob | undefined;
  /**
   * Undefined for a job of no experiment. One that was handed in before a restart, or by a replica whose jobs were taken
   * over, is known by what its attempt has written down.
   */
  ended(event: Extract<GatewayEvent, { type: 'job-changed' }>, model: Model | undefined): EndedJob | undefined;
}

/** Those that came first are forgotten. */
const mostJobs = 20_000;

/** None yet. */
export function followJobs(clock: Clock): FollowedJobs {
  const jobs = new Map<string, TakenJob>();
  return {
    taken: ({ request, attempts, arm }, trial) => {
      const target = attempts[0]?.target;
      if (arm === undefined || target === undefined) return;
      jobs.delete(request.id);
      jobs.set(request.id, { trial, side: arm.side, target, sinceMs: clock.now() });
      const [oldest] = jobs.keys();
      if (jobs.size > mostJobs && oldest !== undefined) jobs.delete(oldest);
    },
    drawn: id => {
      const job = jobs.get(id);
      return job && { trial: job.trial, side: job.side };
    },
    ended: ({ id, from, drawn }, model) => {
      if (from !== 'running') return undefined;
      const job = jobs.get(id);
      if (job === undefined) return drawn && takenElsewhere(drawn, model);
      jobs.delete(id);
      const { sinceMs, ...rest } = job;
      return { ...rest, tookMs: clock.now() - sinceMs };
    },
  };
}

function takenElsewhere(
  { trial, side, target: name }: DrawnJob & { readonly target: string },
  model: Model | undefined,
): EndedJob | undefined {
  const target = model?.versions.flatMap(({ targets }) => targets).find(each => each.name === name);
  return target && { trial, side, target, tookMs: undefined };
}
