import type { Clock } from '../core/clock.ts';
import type { Model } from '../core/model.ts';
import type { InferenceRequest } from '../core/request.ts';
import type { Estimate } from '../routing/router.ts';

/** Part of the deadline kept back for the fallback chain. */
const reserveShare = 0.1;
/** No attempt is cut sooner than this, however fast the target used to be. */
const attemptFloorMs = 1_000;
const tailFactor = 3;

/** When a request must be answered, and how much of that its attempts may use. Times are monotonic ms. */
export interface Deadline {
  /** Whole time left. */
  remainingMs(): number;
  /** Time left for attempts: the reserve is not in it. */
  forAttemptsMs(): number;
  /** Whether the caller asked for less time than the model allows: then running out is not the target's fault. */
  readonly shortened: boolean;
}

/** The sooner of the model's deadline and the caller's wish, counted from when the whole request was here. */
export function startDeadline(model: Model, request: InferenceRequest, clock: Clock): Deadline {
  const wished = request.hints.timeoutMs ?? model.deadlineMs;
  const totalMs = Math.min(model.deadlineMs, wished);
  const endsAt = request.arrivedAt + totalMs;
  return {
    remainingMs: () => endsAt - clock.now(),
    forAttemptsMs: () => endsAt - clock.now() - totalMs * reserveShare,
    shortened: wished < model.deadlineMs,
  };
}

/** The model's own deadline for this request, whatever the caller wished: for a call that others may join. */
export function modelDeadline(model: Model, request: InferenceRequest, clock: Clock): Deadline {
  const { timeoutMs: _, ...hints } = request.hints;
  return startDeadline(model, { ...request, hints }, clock);
}

/** What a target may fairly be given before it counts as too slow: three times its p99 and a cold start, or the floor. */
export function fairTimeoutMs(estimate: Estimate): number {
  const setUpMs = (1 - estimate.warmth) * estimate.setupMs;
  return Math.max(attemptFloorMs, tailFactor * (estimate.p99Ms + setUpMs));
}

/** Limit of one attempt: fair to the target, within what is left, and at most half of it while another may be tried. */
export function attemptTimeoutMs(deadline: Deadline, estimate: Estimate, anotherWaits: boolean): number {
  const left = deadline.forAttemptsMs();
  return Math.min(anotherWaits ? left / 2 : left, fairTimeoutMs(estimate));
}

/** Shorter attempts could only fail. */
const minimumAttemptMs = 5;

/** What one attempt may take, and whether running out of it says nothing of the target; undefined when too little is left. */
export function attemptTime(
  deadline: Deadline,
  estimate: Estimate,
  anotherWaits: boolean,
): { readonly timeoutMs: number; readonly shortened: boolean } | undefined {
  const timeoutMs = attemptTimeoutMs(deadline, estimate, anotherWaits);
  if (timeoutMs < minimumAttemptMs) return undefined;
  return { timeoutMs, shortened: deadline.shortened && timeoutMs < fairTimeoutMs(estimate) };
}
