import { GatewayError } from '../core/errors.ts';
import type { FallbackStep, Model } from '../core/model.ts';
import type { InferenceRequest } from '../core/request.ts';
import { residencyBound } from '../core/residency.ts';
import type { Attempt, Served } from '../core/result.ts';
import type { CachedAnswers } from '../fallback/cache.ts';
import { cachedAnswers } from '../fallback/cached-answers.ts';
import { fallBack } from '../fallback/chain.ts';
import type { Coalescer, SharedCall } from '../fallback/coalescing.ts';
import { CallFailed } from '../inference/call-failed.ts';
import { type Deadline, modelDeadline } from '../inference/deadline.ts';
import { type FailedCall, type ServePorts, serve } from '../inference/serve.ts';
import { fromCache } from '../inference/served.ts';
import type { Exit } from '../inference/try-targets.ts';
import type { Canaries } from '../rollout/canary/canaries.ts';
import type { Parts } from './parts.ts';

/** Joins the parts into the request path: what each stage needs of another is given here, as a function. */
export function createGateway(
  parts: Parts,
  canaries: Pick<Canaries, 'split'>,
): (model: Model, request: InferenceRequest) => Promise<Served> {
  const { clock, emit, backends, health, router, budget } = parts;
  const cached = cachedAnswers(parts);
  const ports: ServePorts = {
    clock,
    emit,
    router,
    health,
    budget,
    backends: backends.backends,
    memory: parts.admission,
    background: parts.work.start,
    measure: parts.routing.measure,
    charge: (attempt, request) => {
      const cost = parts.routing.ledger.charge(attempt, request);
      parts.callers.limits.charge(request.caller, cost.amortisedUsd ?? cost.marginalUsd ?? 0);
      return cost;
    },
    split: (model, request) => canaries.split(model, request, router.reachable(model, request)),
    cached,
    coalesce: async (model, version, request, deadline, start) => {
      const key = cached.flightKey(model, version.name, request);
      if (key === undefined) return { exit: await start(request.signal, deadline, []), joined: false };
      const shared = deadline.shortened ? modelDeadline(model, request, clock) : deadline;
      const trail: Attempt[] = [];
      const call: SharedCall<Exit> = {
        start: signal => start(signal, shared, trail),
        soFar: () => ({ by: 'deadline', trail: [...trail] }),
      };
      return joinFlight(parts.flights, key, request, deadline, call);
    },
    fallBack: (call, kinds) =>
      fallBackFor(parts, cached, call, kinds, (other, request) => serve(ports, other, request, 1)),
  };
  return (model, request) => serve(ports, model, request);
}

/**
 * An SDK that timed out closes its connection first and repeats the call within about a second (the first back-off of
 * the AWS SDKs); until then the call it left runs on, if it holds little memory.
 */
const lingerMs = 1_000;
const lingeringBytes = 65_536;

/** Joins the call in flight under `key` or starts it; gives up in time for this caller's own fallback. */
async function joinFlight(
  flights: Coalescer<Exit>,
  key: string,
  request: InferenceRequest,
  deadline: Deadline,
  call: SharedCall<Exit>,
): Promise<{ exit: Exit; joined: boolean }> {
  const waitMs = Math.max(0, deadline.forAttemptsMs() + deadline.remainingMs()) / 2;
  const returns = request.invocationId !== undefined && request.body.length <= lingeringBytes;
  const waiter = { signal: request.signal, deadlineMs: waitMs, lingerMs: returns ? lingerMs : 0 };
  const { value, joined, late } = await flights.run(key, call, waiter);
  return { exit: value, joined: joined || late };
}

async function fallBackFor(
  parts: Parts,
  cached: CachedAnswers,
  { model, versions, request, deadline, depth }: FailedCall,
  kinds: readonly FallbackStep['kind'][],
  serveOther: (model: Model, request: InferenceRequest) => Promise<Served>,
): Promise<Served | undefined> {
  if (!model.fallback.some(step => kinds.includes(step.kind))) return undefined;
  const found = await fallBack<Served>({
    model,
    kinds,
    request,
    version: versions[0]?.name,
    bound: residencyBound(model, request),
    depth,
    nowWallMs: parts.clock.wallMs(),
    findModel: name => parts.config().models.get(name),
    lookUp: version => cached.lookUp(model, version, request),
    callModel: (other, otherRequest) => {
      const timeoutMs = Math.floor(deadline.remainingMs());
      if (timeoutMs < 1) return Promise.resolve(undefined);
      const hints = { ...otherRequest.hints, timeoutMs };
      return answerOrUndefined(serveOther(other, { ...otherRequest, arrivedAt: parts.clock.now(), hints }));
    },
  });
  const staleAllowed = depth === 0 && request.hints.fallback !== 'none';
  if (staleAllowed && kinds.includes('stale') && model.fallback.some(step => step.kind === 'stale')) {
    parts.emit({ type: 'stale-consulted', model: model.name, covered: found?.kind === 'stale' });
  }
  if (found === undefined) return undefined;
  if (found.kind === 'stale') return fromCache(parts, found.entry, 'stale', 'stale');
  if (found.kind === 'model') return { ...found.result, fallback: 'model' };
  return { answer: found.answer, model: model.name, attempts: [], cache: 'bypass', fallback: 'static', upstreamMs: 0 };
}

/** A fallback model that fails, or refuses the payload, just means the next step. */
async function answerOrUndefined(serving: Promise<Served>): Promise<Served | undefined> {
  try {
    const served = await serving;
    return served.answer.status === 200 ? served : undefined;
  } catch (error) {
    if (error instanceof GatewayError || error instanceof CallFailed) return undefined;
    throw error;
  }
}
