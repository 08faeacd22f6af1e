import type { Backend } from '../backends/backend.ts';
import type { Clock } from '../core/clock.ts';
import type { Emit } from '../core/events.ts';
import type { Model } from '../core/model.ts';
import type { Outcome } from '../core/outcome.ts';
import type { InferenceRequest } from '../core/request.ts';
import type { Attempt, AttemptReason, AttemptResult, Memory } from '../core/result.ts';
import type { BackendKind, Target } from '../core/target.ts';
import type { Permit } from '../health/health.ts';

/** What an attempt needs of the rest. */
export interface AttemptPorts {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly backends: Readonly<Record<BackendKind, Backend>>;
  /** Where answers' bytes are counted while they are read. */
  readonly memory: Memory;
  /** Feeds the latency estimate. Returns the part of the duration that was set-up, ms, where that is known. */
  measure(target: Target, outcome: Outcome, durationMs: number, request: InferenceRequest): number | undefined;
  /** Marginal and amortised dollars of a finished attempt; undefined where no price is known. */
  charge(
    attempt: Attempt,
    request: InferenceRequest,
  ): { marginalUsd: number | undefined; amortisedUsd: number | undefined };
}

/** Whom to call, why, and for how long at most. */
export interface AttemptPlan {
  readonly target: Target;
  readonly permit: Permit;
  readonly reason: AttemptReason;
  readonly timeoutMs: number;
  /** The time limit was the caller's, so running into it says nothing about the target. */
  readonly shortened: boolean;
  readonly signal: AbortSignal;
}

/** What is settled if a backend throws, which is a bug of the gateway's: it says nothing about the target. */
const noResult: AttemptResult = {
  outcome: 'cancelled',
  error: { type: 'GatewayFault', message: 'the attempt ended without a result' },
  sent: true,
  durationMs: 0,
};

/**
 * One call to one target. Gives the permit back and feeds the estimate whatever happens: at once, or when the answer is
 * a stream, at its end.
 */
export async function attempt(
  ports: AttemptPorts,
  model: Model,
  request: InferenceRequest,
  plan: AttemptPlan,
): Promise<Attempt> {
  const { target, signal } = plan;
  let result = noResult;
  let setUpMs: number | undefined;
  try {
    result = await ports.backends[target.kind].invoke(target, request, {
      timeoutMs: plan.timeoutMs,
      maxResponseBytes: model.maxResponseBytes,
      memory: ports.memory,
      idempotent: model.idempotent,
      ...(request.streaming && { stream: model.stream }),
      signal,
    });
  } finally {
    if (result.answer?.stream === undefined) setUpMs = settle(ports, request, plan, result);
  }
  const made: Attempt = { target, result, reason: plan.reason, ...(setUpMs && { setUpMs }) };
  const { stream } = result.answer ?? {};
  if (stream === undefined) finish(ports, request, made);
  else
    stream.ended.then(ending => {
      settle(ports, request, plan, ending);
      finish(ports, request, { ...made, result: ending });
    });
  return made;
}

function settle(
  ports: AttemptPorts,
  request: InferenceRequest,
  plan: AttemptPlan,
  result: AttemptResult,
): number | undefined {
  // The caller's limit, not the target's slowness; a stream has outlived it with its first content.
  const own = plan.shortened && result.outcome === 'timeout' && result.firstContentMs === undefined;
  const verdict = own ? { ...result, outcome: 'cancelled' as const } : result;
  plan.permit.settle(verdict);
  return ports.measure(plan.target, verdict.outcome, result.firstContentMs ?? result.durationMs, request);
}

function finish(ports: AttemptPorts, request: InferenceRequest, attempt: Attempt): void {
  const cost = ports.charge(attempt, request);
  ports.emit({
    type: 'attempt-finished',
    attempt,
    request,
    costUsd: cost.marginalUsd,
    amortisedUsd: cost.amortisedUsd,
  });
}
