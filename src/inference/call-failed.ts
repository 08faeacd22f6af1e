import { GatewayError } from '../core/errors.ts';
import type { Model } from '../core/model.ts';
import { type Attempt, buffersFull } from '../core/result.ts';
import type { Target } from '../core/target.ts';
import type { Health } from '../health/health.ts';
import { upstreamMs } from './served.ts';
import type { Exit } from './try-targets.ts';

const longestRetryAfterSeconds = 30;

/** A request that nothing could answer: the honest error and what was tried. */
export class CallFailed extends Error {
  readonly error: GatewayError;
  readonly attempts: readonly Attempt[];
  readonly upstreamMs: number;

  constructor(error: GatewayError, attempts: readonly Attempt[]) {
    super(error.message);
    this.name = 'CallFailed';
    this.error = error;
    this.attempts = attempts;
    this.upstreamMs = upstreamMs(attempts);
  }
}

/** A call cut short: the caller left, or its answer found no room in memory. */
export function givenUp(last: Attempt | undefined): GatewayError {
  return last?.result.error?.type === buffersFull
    ? new GatewayError('buffers-full', 'The gateway holds as many bytes as it may: repeat the call shortly.')
    : new GatewayError('client-closed', 'The caller went away.');
}

/** The error for a call whose targets all failed it; says how long to wait, never which account or endpoint. */
export function failure(health: Health, model: Model, exit: Exit, trail: readonly Attempt[]): CallFailed {
  const options = { status: model.exhaustedStatus, retryAfterSeconds: retryAfterSeconds(health, exit, trail) };
  switch (exit.by) {
    case 'deadline':
      return new CallFailed(
        new GatewayError(
          'deadline-exceeded',
          `${model.name} did not answer within its deadline: repeat the call, or allow it more time.`,
          options,
        ),
        trail,
      );
    case 'health':
      if (exit.shed) return new CallFailed(shedNow(model.name, options.retryAfterSeconds), trail);
      return new CallFailed(
        new GatewayError(
          'no-target-available',
          `Every target of ${model.name} is unavailable right now: repeat the call after the time given.`,
          options,
        ),
        trail,
      );
    default:
      return new CallFailed(
        new GatewayError(
          'upstream-failed',
          `${model.name} failed in every region that was tried: repeat the call after the time given.`,
          options,
        ),
        trail,
      );
  }
}

/** The refusal of a call that makes room for more important ones. */
export function shedNow(model: string, retryAfterSeconds = 1): GatewayError {
  const message = `${model} has no room for calls of this priority now: repeat it after the time given.`;
  return new GatewayError('shed', message, { retryAfterSeconds });
}

/** The soonest that something may have changed: a retry-after heard, the end of an ejection or of a pause asked for. */
function retryAfterSeconds(health: Health, exit: Exit, trail: readonly Attempt[]): number {
  const heard = trail.map(made => made.result.error?.retryAfterMs).filter(ms => ms !== undefined);
  const absences = exit.by === 'health' ? exit.away.flatMap(target => absentForMs(health, target)) : [];
  const soonestMs = Math.min(...heard, ...absences, longestRetryAfterSeconds * 1000);
  return heard.length + absences.length === 0 ? 1 : Math.max(1, Math.ceil(soonestMs / 1000));
}

/** Nothing for a target out with its region or by an operator: nobody knows for how long. A full one may be free at once. */
function absentForMs(health: Health, target: Target): number[] {
  const { availability, ejectedForMs, throttledForMs } = health.describe(target);
  const absence = Math.max(ejectedForMs, throttledForMs);
  return absence > 0 || (!availability.usable && (availability.why === 'full' || availability.why === 'reserved'))
    ? [absence]
    : [];
}
