import { createHash } from 'node:crypto';
import type { Backends } from '../backends/registry.ts';
import type { ResolvedConfig } from '../config/resolve.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Emit } from '../core/events.ts';
import type { Model } from '../core/model.ts';
import type { Random } from '../core/random.ts';
import type { InferenceRequest } from '../core/request.ts';
import { residencyBound, residencyText } from '../core/residency.ts';
import type { Attempt, Memory, Served } from '../core/result.ts';
import type { Target } from '../core/target.ts';
import type { ResponseCache } from '../fallback/cache.ts';
import type { CacheKeys } from '../fallback/cache-key.ts';
import { standIn } from '../fallback/chain.ts';
import { type Coalescer, retryKey } from '../fallback/coalescing.ts';
import { acceptedStaleSeconds, cachePlan, freshness, retainSeconds } from '../fallback/freshness.ts';
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
    bypassesCache: (model, request) => {
      const plan = cachePlan(request, model.cache);
      return !plan.read && !plan.write;
    },
    findCached: (model, version, request) => findCached(parts, model, version.name, request),
    keep: (model, request, made) => keep(parts, model, request, made),
    coalesce: async (model, version, request, deadline, start) => {
      const key = flightKey(parts, model, version.name, request);
      if (key === undefined) return { exit: await start(request.signal, deadline), joined: false };
      const shared = deadline.shortened ? modelDeadline(model, request, clock) : deadline;
      return joinFlight(parts.flights, key, request.signal, deadline, signal => start(signal, shared));
    },
    standIn: (call, kinds) => findStandIn(parts, call, kinds, (other, request) => serve(ports, other, request, 1)),
  };
  return (model, request) => serve(ports, model, request);
}

/** Joins the call in flight under `key` or starts it; gives up in time for this caller's own fallback. */
async function joinFlight(
  flights: Coalescer<Exit>,
  key: string,
  signal: AbortSignal,
  deadline: Deadline,
  start: (signal: AbortSignal) => Promise<Exit>,
): Promise<{ exit: Exit; joined: boolean }> {
  const waitMs = (deadline.forAttemptsMs() + deadline.remainingMs()) / 2;
  try {
    const { value, joined } = await flights.run(key, start, { signal, deadlineMs: waitMs });
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

function cacheKey(parts: Parts, model: Model, version: string, request: InferenceRequest): string {
  return parts.keys.key(request, version, residencyText(residencyBound(model, request)));
}

async function findCached(parts: Parts, model: Model, version: string, request: InferenceRequest) {
  if (model.cache === undefined || !cachePlan(request, model.cache).read) return undefined;
  const key = cacheKey(parts, model, version, request);
  const entry = parts.cache.peek(key) ?? (await parts.cache.get(key));
  if (entry === undefined) return undefined;
  const state = freshness(entry, model.cache, parts.clock.wallMs(), acceptedStaleSeconds(request));
  return state === 'expired' ? undefined : { entry, freshness: state };
}

/** Only whole 200s are kept, under the version that gave them. */
function keep(parts: Parts, model: Model, request: InferenceRequest, made: Attempt): void {
  const { answer } = made.result;
  if (answer?.status !== 200 || model.cache === undefined || !cachePlan(request, model.cache).write) return;
  const { version, name: targetName } = made.target;
  const entry = { answer, model: model.name, version, targetName, storedAtMs: parts.clock.wallMs() };
  parts.cache.set(cacheKey(parts, model, version, request), entry, retainSeconds(model.cache));
}

/** Identical calls of cached models share a flight, and so does an SDK's own retry with the call it repeats. */
function flightKey(parts: Parts, model: Model, version: string, request: InferenceRequest): string | undefined {
  if (model.idempotent && cachePlan(request, model.cache).coalesce) return cacheKey(parts, model, version, request);
  return retryKey(request, residencyText(residencyBound(model, request)));
}

async function findStandIn(
  parts: Parts,
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
    lookUp: async version => {
      const key = cacheKey(parts, model, version, request);
      return parts.cache.peek(key) ?? parts.cache.get(key);
    },
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
