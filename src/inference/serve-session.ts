import { GatewayError } from '../core/errors.ts';
import type { Model } from '../core/model.ts';
import type { InferenceRequest } from '../core/request.ts';
import type { Served } from '../core/result.ts';
import type { Target } from '../core/target.ts';
import type { Exclusion } from '../routing/router.ts';
import { attempt } from './attempt.ts';
import { CallFailed, failure } from './call-failed.ts';
import { attemptTimeoutMs, type Deadline } from './deadline.ts';
import { answered } from './served.ts';
import { sessionTarget } from './session.ts';
import type { TargetPorts } from './try-targets.ts';

const healthReasons: ReadonlySet<Exclusion> = new Set([
  'drained',
  'evacuated',
  'ejected',
  'throttled',
  'full',
] as const);

/** A call within a stateful session: only the target that holds the session can answer it, so a dead pin is an error. */
export async function serveSession(
  ports: TargetPorts,
  model: Model,
  request: InferenceRequest,
  deadline: Deadline,
): Promise<Served> {
  const pinned = sessionTarget(model, request.fields.sessionId ?? '');
  if (pinned === undefined || !mayServe(ports, model, pinned.target, request)) throw sessionLost();
  const permit = ports.health.acquire(pinned.target, 'call');
  if (permit === undefined) throw failure(ports.health, model, { by: 'health', ill: [pinned.target], trail: [] }, []);
  const inner: InferenceRequest = { ...request, fields: { ...request.fields, sessionId: pinned.sessionId } };
  const made = await attempt(ports, model, inner, {
    target: pinned.target,
    permit,
    reason: 'first',
    timeoutMs: attemptTimeoutMs(deadline, ports.router.estimate(pinned.target), false),
    shortened: deadline.shortened,
    signal: request.signal,
  });
  if (made.result.answer !== undefined) return answered(made, [made], 'bypass');
  if (made.result.outcome === 'cancelled')
    throw new CallFailed(new GatewayError('client-closed', 'The caller went away.'), [made]);
  throw failure(ports.health, model, { by: 'backends', trail: [made] }, [made]);
}

/** Health may keep a session waiting; residency, pins and size may not be passed over for it. */
function mayServe(ports: TargetPorts, model: Model, target: Target, request: InferenceRequest): boolean {
  const version = model.versions.find(candidate => candidate.name === target.version);
  if (version === undefined) return false;
  const why = ports.router.route(model, version, request).excluded.find(entry => entry.target === target)?.why;
  return why === undefined || healthReasons.has(why);
}

function sessionLost(): GatewayError {
  return new GatewayError('session-lost', 'This session is not known here any more: open another with NEW_SESSION.');
}
