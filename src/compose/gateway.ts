import { createHash } from 'node:crypto';
import type { Backends } from '../backends/registry.ts';
import type { ResolvedConfig } from '../config/resolve.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Emit } from '../core/events.ts';
import type { Model } from '../core/model.ts';
import type { Random } from '../core/random.ts';
import type { InferenceRequest } from '../core/request.ts';
import { residencyBound } from '../core/residency.ts';
import type { Attempt, Memory, Served } from '../core/result.ts';
import type { Target } from '../core/target.ts';
import type { CachedAnswers, ResponseCache } from '../fallback/cache.ts';
import type { CacheKeys } from '../fallback/cache-key.ts';
import { cachedAnswers } from '../fallback/cached-answers.ts';
import { standIn } from '../fallback/chain.ts';
import type { Coalescer } from '../fallback/coalescing.ts';
import type { HealthControl } from '../health/availability.ts';
import type { Prober } from '../health/probes.ts';
import { CallFailed } from '../inference/call-failed.ts';
import { type Deadline, modelDeadline } from '../inference/deadline.ts';
import type { RetryBudget } from '../inference/retry-budget.ts';
import { type FailedCall, type ServePorts, serve } from '../inference/serve.ts';
import { fromCache } from '../inference/served.ts';
import type { Exit } from '../inference/try-targets.ts';
import { splitVersions } from '../rollout/split.ts';
import type { Router } from '../routing/router.ts';
import type { Routing } from '../routing/routing.ts';
import type { Admission } from '../security/admission.ts';

/** The parts of the request path, made in `app.ts`; they outlive reloads. */
export interface Parts {
  readonly clock: Clock;
  readonly random: Random;
  readonly emit: Emit;
  readonly backends: Backends;
  readonly health: HealthControl;
  readonly router: Router;
  readonly routing: Routing;
  readonly budget: RetryBudget;
  readonly cache: ResponseCache;
  readonly keys: CacheKeys;
  readonly flights: Coalescer<Exit>;
  readonly admission: Admission;
  /** The config in force. */
  config(): ResolvedConfig;
  background(work: () => Promise<unknown>): void;
}

/** Joins the parts into the request path: what each stage needs of another is given here, as a function. */
export function createGateway(parts: Parts): (model: Model, request: InferenceRequest) => Promise<Served> {
  const { clock, random, emit, backends, health, router, budget } = parts;
  const cached = cachedAnswers(parts);
  const ports: ServePorts = {
    clock,
    emit,
    router,
    health,
    budget,
    backends: backends.backends,
    memory: parts.admission,
    background: parts.background,
    measure: parts.routing.measure,
    charge: parts.routing.ledger.charge,
    split: (model, request) => splitVersions(router.reachable(model, request), model, request, random),
    cached,
    coalesce: async (model, version, request, deadline, start) => {
      const key = cached.flightKey(model, version.name, request);
      if (key === undefined) return { exit: await start(request.signal, deadline), joined: false };
      const shared = deadline.shortened ? modelDeadline(model, request, clock) : deadline;
      return joinFlight(parts.flights, key, request, deadline, signal => start(signal, shared));
    },
    standIn: (call, kinds) =>
      findStandIn(parts, cached, call, kinds, (other, request) => serve(ports, other, request, 1)),
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
  start: (signal: AbortSignal) => Promise<Exit>,
): Promise<{ exit: Exit; joined: boolean }> {
  const waitMs = (deadline.forAttemptsMs() + deadline.remainingMs()) / 2;
  const returns = request.invocationId !== undefined && request.body.length <= lingeringBytes;
  const waiter = { signal: request.signal, deadlineMs: waitMs, lingerMs: returns ? lingerMs : 0 };
  try {
    const { value, joined } = await flights.run(key, start, waiter);
    return { exit: value, joined };
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'deadline-exceeded') {
      return { exit: { by: 'deadline', trail: [] }, joined: true };
    }
    throw error;
  }
}

/** How ejected targets are probed: the model's sample payload over the ordinary backend. */
export function createProber(ports: {
  config(): ResolvedConfig;
  backends: Backends;
  memory: Memory;
  clock: Clock;
  /** Probes are metered and cost like any other attempt. */
  finished(attempt: Attempt, request: InferenceRequest): void;
}): Prober {
  const { config, backends, memory, clock } = ports;
  return {
    covers: target => sampleOf(config(), target) !== undefined,
    send: async (target, signal) => {
      const sample = sampleOf(config(), target);
      const model = config().models.get(target.model);
      if (sample === undefined || model === undefined) throw new Error(`no sample payload for ${target.model}`);
      const request: InferenceRequest = { ...sample, arrivedAt: clock.now(), signal };
      const limits = {
        timeoutMs: model.deadlineMs,
        maxResponseBytes: model.maxResponseBytes,
        memory,
        idempotent: true,
        signal,
      };
      const result = await backends.backends[target.kind].invoke(target, request, limits);
      ports.finished({ target, result, reason: 'probe' }, request);
      return result;
    },
  };
}

const samples = new WeakMap<Model, Omit<InferenceRequest, 'arrivedAt' | 'signal'>>();

/** The probe request of a target's model; undefined without a sample, or where a caller would have to name the target model. */
function sampleOf(config: ResolvedConfig, target: Target): Omit<InferenceRequest, 'arrivedAt' | 'signal'> | undefined {
  const model = config.models.get(target.model);
  if (model?.sample === undefined) return undefined;
  if (target.kind === 'sagemaker-multi-model' && target.targetModel === undefined) return undefined;
  let request = samples.get(model);
  if (request === undefined) {
    const { body, contentType } = model.sample;
    request = {
      id: 'probe',
      model: model.name,
      body,
      bodySha256: createHash('sha256').update(body).digest('hex'),
      fields: { contentType },
      hints: { substitutes: 'none', cache: { noCache: true, noStore: true } },
      caller: { tenant: 'meridian' },
      clientAttempt: 1,
    };
    samples.set(model, request);
  }
  return request;
}

async function findStandIn(
  parts: Parts,
  cached: CachedAnswers,
  { model, versions, request, deadline, depth }: FailedCall,
  kinds: readonly string[],
  serveOther: (model: Model, request: InferenceRequest) => Promise<Served>,
): Promise<Served | undefined> {
  const asked = { ...model, fallback: model.fallback.filter(step => kinds.includes(step.kind)) };
  if (asked.fallback.length === 0) return undefined;
  const found = await standIn<Served>({
    model: asked,
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
  if (asked.fallback.some(step => step.kind === 'stale')) {
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
