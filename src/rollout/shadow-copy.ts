import type { GatewayEvent } from '../core/events.ts';
import type { Model } from '../core/model.ts';
import type { InferenceRequest } from '../core/request.ts';
import type { Answer } from '../core/result.ts';
import type { Target } from '../core/target.ts';

/** A call to mirror: what was asked, and what the primary answered. */
export interface MirroredCall {
  readonly request: InferenceRequest;
  readonly answer: Answer;
  /** Who answered. */
  readonly target: Target;
  /** Version that was asked. */
  readonly primary: string;
}

/**
 * The call of an event, if a second one is harmless and its answer can be compared: answered whole by the version that
 * was chosen, of a model that may run a call twice. Not streams (their answer is not kept), not queued calls (a copy
 * would put work in a queue and its result in a bucket), not calls of or opening a session (they change what the endpoint
 * keeps), not calls that name the one version that may answer.
 */
export function mirrorable(
  { outcome, request, answer, attempts, version }: Extract<GatewayEvent, { type: 'version-called' }>,
  model: Pick<Model, 'idempotent'>,
): MirroredCall | undefined {
  const last = attempts.at(-1);
  if (outcome !== 'ok' || answer === undefined || answer.stream !== undefined || last === undefined) return undefined;
  if (!model.idempotent || request.streaming || request.queued !== undefined) return undefined;
  if (request.fields.sessionId !== undefined || request.hints.version !== undefined) return undefined;
  return { request, answer, target: last.target, primary: version };
}

/**
 * The request as the shadow gets it: nobody waits for it, it gives way to everybody, and nothing is remembered of it.
 * Residency, region and everything the model looks at stay.
 */
export function copyOf({ request }: MirroredCall, arrivedAt: number, signal: AbortSignal): InferenceRequest {
  const { traceparent: _, invocationId: __, ...same } = request;
  const { residency, region } = request.hints;
  return {
    ...same,
    hints: {
      ...(residency !== undefined && { residency }),
      ...(region !== undefined && { region }),
      fallback: 'none',
      cache: { noCache: true, noStore: true },
    },
    caller: { ...request.caller, priority: 'sheddable' },
    clientAttempt: 1,
    streaming: false,
    arrivedAt,
    signal,
  };
}
