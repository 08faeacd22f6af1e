import type { Clock } from '../../core/clock.ts';
import type { GatewayEvent } from '../../core/events.ts';
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
  readonly tookMs: number;
}

/** Jobs between the moment a target took them and their end, as this process saw it. */
export interface FollowedJobs {
  /** @param trial what its call is counted under */
  taken(event: VersionCalled, trial: string): void;
  /** Undefined for a job of no experiment, or one that another process handed in. */
  ended(event: Extract<GatewayEvent, { type: 'job-changed' }>): EndedJob | undefined;
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
    ended: ({ id, from }) => {
      const job = from === 'running' ? jobs.get(id) : undefined;
      if (job === undefined) return undefined;
      jobs.delete(id);
      const { sinceMs, ...rest } = job;
      return { ...rest, tookMs: clock.now() - sinceMs };
    },
  };
}
