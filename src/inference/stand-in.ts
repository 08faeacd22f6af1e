import type { Clock } from '../core/clock.ts';
import type { Emit } from '../core/events.ts';
import type { FallbackStep, Model, Version } from '../core/model.ts';
import type { InferenceRequest } from '../core/request.ts';
import type { Served } from '../core/result.ts';
import type { CacheEntry } from '../fallback/cache.ts';
import type { Deadline } from './deadline.ts';
import { fromCache } from './served.ts';

export interface StandInPorts {
  readonly clock: Clock;
  readonly emit: Emit;
  /** A kept answer within `staleIfErrorSeconds`: of the chosen version, else of stable; never a canary's for stable. */
  findStale(model: Model, versions: readonly Version[], request: InferenceRequest): Promise<CacheEntry | undefined>;
  /** The fallback model, if the caller may use it; undefined otherwise. */
  fallbackModel(name: string, request: InferenceRequest): Model | undefined;
  serveFallback(model: Model, request: InferenceRequest): Promise<Served>;
}

/** Goes down the model's fallback chain, only the kinds asked for. Undefined when nothing stands in. */
export async function standIn(
  ports: StandInPorts,
  model: Model,
  versions: readonly Version[],
  request: InferenceRequest,
  deadline: Deadline,
  depth: number,
  kinds: readonly FallbackStep['kind'][],
): Promise<Served | undefined> {
  if (request.hints.substitutes === 'none') return undefined;
  for (const step of model.fallback) {
    if (!kinds.includes(step.kind)) continue;
    const served = await takeStep(ports, step, model, versions, request, deadline, depth);
    if (served !== undefined) return served;
  }
  return undefined;
}

async function takeStep(
  ports: StandInPorts,
  step: FallbackStep,
  model: Model,
  versions: readonly Version[],
  request: InferenceRequest,
  deadline: Deadline,
  depth: number,
): Promise<Served | undefined> {
  switch (step.kind) {
    case 'stale': {
      const entry = await ports.findStale(model, versions, request);
      ports.emit({ type: 'stale-consulted', model: model.name, covered: entry !== undefined });
      return entry === undefined ? undefined : fromCache(ports, entry, 'stale', 'stale');
    }
    case 'model': {
      const other = depth === 0 ? ports.fallbackModel(step.model, request) : undefined;
      const timeoutMs = Math.floor(deadline.remainingMs());
      if (other === undefined || timeoutMs < 1) return undefined;
      return serveOther(ports, other, {
        ...request,
        model: other.name,
        arrivedAt: ports.clock.now(),
        hints: { ...request.hints, timeoutMs },
      });
    }
    case 'static':
      return {
        answer: { status: 200, headers: { 'content-type': step.contentType }, body: step.body },
        model: model.name,
        attempts: [],
        cache: 'bypass',
        fallback: 'static',
        upstreamMs: 0,
      };
  }
}

/** The fallback model's own answer, labelled; its failure just means the next step. */
async function serveOther(ports: StandInPorts, other: Model, request: InferenceRequest): Promise<Served | undefined> {
  try {
    const served = await ports.serveFallback(other, request);
    return served.answer.status === 200 ? { ...served, fallback: 'model' } : undefined;
  } catch {
    return undefined; // the caller gets the next stand-in, or the first model's error
  }
}
