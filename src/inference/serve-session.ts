import { GatewayError } from '../core/errors.ts';
import type { Model } from '../core/model.ts';
import { isFinal } from '../core/outcome.ts';
import { priorityOf } from '../core/priority.ts';
import type { InferenceRequest } from '../core/request.ts';
import type { Attempt, Served } from '../core/result.ts';
import { attempt } from './attempt.ts';
import { CallFailed, failure, givenUp } from './call-failed.ts';
import { attemptTime, type Deadline } from './deadline.ts';
import { answered } from './served.ts';
import { sessionTarget } from './session.ts';
import type { Exit, TargetPorts } from './try-targets.ts';
import { tellVersionCalled } from './version-called.ts';

/** A call within a stateful session: only the target that holds the session can answer it, so a dead pin is an error. */
export async function serveSession(
  ports: TargetPorts,
  model: Model,
  request: InferenceRequest,
  deadline: Deadline,
): Promise<Served> {
  const pinned = sessionTarget(model, request.fields.sessionId ?? '');
  if (pinned === undefined || !ports.router.mayEverServe(model, pinned.target, request)) throw sessionLost();
  const time = attemptTime(deadline, ports.router.estimate(pinned.target), false);
  if (time === undefined) throw failure(ports.health, model, { by: 'deadline', trail: [] }, []);
  const permit = ports.health.acquire(pinned.target, 'call', priorityOf(model, request));
  if (permit === undefined) {
    const exit = { by: 'health', ill: [pinned.target], away: [pinned.target], shed: false, trail: [] } as const;
    throw failure(ports.health, model, exit, []);
  }
  const inner: InferenceRequest = { ...request, fields: { ...request.fields, sessionId: pinned.sessionId } };
  const made = await attempt(ports, model, inner, {
    target: pinned.target,
    permit,
    reason: 'first',
    ...time,
    signal: request.signal,
  });
  const exit = exitOf(made);
  tellVersionCalled(ports, { model, version: pinned.target.version, request }, exit);
  if (made.result.answer !== undefined) return answered(made, [made], 'bypass');
  if (exit.by === 'caller') throw new CallFailed(givenUp(made), [made]);
  throw failure(ports.health, model, exit, [made]);
}

function exitOf(last: Attempt): Exit {
  const { outcome } = last.result;
  if (outcome === 'ok') return { by: 'answer', last, trail: [last] };
  return isFinal(outcome) ? { by: 'caller', last, trail: [last] } : { by: 'backends', trail: [last] };
}

function sessionLost(): GatewayError {
  return new GatewayError('session-lost', 'This session is not known here any more: open another with NEW_SESSION.');
}
