import type { Model } from '../core/model.ts';
import { isFinal } from '../core/outcome.ts';
import { priorityOf } from '../core/priority.ts';
import type { InferenceRequest } from '../core/request.ts';
import type { Attempt } from '../core/result.ts';
import type { Candidate } from '../routing/router.ts';
import { type AttemptPlan, attempt } from './attempt.ts';
import { attemptTimeoutMs, type Deadline, fairTimeoutMs } from './deadline.ts';
import type { TargetPorts } from './try-targets.ts';

/**
 * Asks `next` too once `first` has taken longer than its p95 (Dean and Barroso, "The Tail at Scale", CACM 2013: at most
 * 5 % more load). The first final result wins and the other call is cancelled. Returns the attempts made, decisive last.
 */
export async function hedged(
  ports: TargetPorts,
  model: Model,
  request: InferenceRequest,
  plan: AttemptPlan,
  first: Candidate,
  next: Candidate,
  deadline: Deadline,
): Promise<Attempt[]> {
  const controllers = [linked(plan.signal), linked(plan.signal)] as const;
  const primary = attempt(ports, model, request, { ...plan, signal: controllers[0].signal });
  const hedge = new Promise<Attempt | undefined>(resolve => {
    const hedgeNow = () => resolve(startHedge(ports, model, request, next, deadline, controllers[1].signal));
    const cancel = ports.clock.after(first.estimate.p95Ms, hedgeNow);
    const noHedge = () => {
      cancel();
      resolve(undefined);
    };
    primary.then(noHedge, noHedge);
  });
  try {
    const winner = await Promise.race([primary, hedge.then(made => made ?? primary)]);
    if (isFinal(winner.result.outcome)) return await settleLoser(winner, primary, hedge, controllers);
    const both = (await Promise.all([primary, hedge])).filter(made => made !== undefined);
    return both.sort((a, b) => Number(isFinal(a.result.outcome)) - Number(isFinal(b.result.outcome)));
  } finally {
    for (const controller of controllers) controller.unlink();
  }
}

/** Undefined when there is no time, no slot or no token for it. */
async function startHedge(
  ports: TargetPorts,
  model: Model,
  request: InferenceRequest,
  { target, estimate }: Candidate,
  deadline: Deadline,
  signal: AbortSignal,
): Promise<Attempt | undefined> {
  const timeoutMs = attemptTimeoutMs(deadline, estimate, false);
  const permit = timeoutMs > 0 ? ports.health.acquire(target, 'call', priorityOf(model, request)) : undefined;
  if (permit === undefined) return undefined;
  if (!ports.budget.takeHedge()) {
    permit.release();
    ports.emit({ type: 'retry-refused', model: model.name, what: 'hedge' });
    return undefined;
  }
  const shortened = deadline.shortened && timeoutMs < fairTimeoutMs(estimate);
  return attempt(ports, model, request, { target, permit, reason: 'hedge', timeoutMs, shortened, signal });
}

/** Cancels the call that lost and puts it before the winner. */
async function settleLoser(
  winner: Attempt,
  primary: Promise<Attempt>,
  hedge: Promise<Attempt | undefined>,
  controllers: readonly { abort(): void }[],
): Promise<Attempt[]> {
  for (const controller of controllers) controller.abort();
  const both = (await Promise.all([primary, hedge])).filter(made => made !== undefined);
  return [...both.filter(made => made !== winner), winner];
}

/** A controller that also aborts with `signal`, until unlinked. */
function linked(signal: AbortSignal): { signal: AbortSignal; abort(): void; unlink(): void } {
  const controller = new AbortController();
  const abort = () => controller.abort();
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  return { signal: controller.signal, abort, unlink: () => signal.removeEventListener('abort', abort) };
}
