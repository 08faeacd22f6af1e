import type { Listener } from '../core/events.ts';
import type { InferenceRequest } from '../core/request.ts';
import type { Attempt } from '../core/result.ts';
import type { Target } from '../core/target.ts';
import { type AttemptPorts, attempt } from '../inference/attempt.ts';
import { fairTimeoutMs } from '../inference/deadline.ts';
import { createShadow, type Shadow, type ShadowView } from '../rollout/shadow.ts';
import type { LanePorts } from '../rollout/shadow-lane.ts';
import { expectedMs } from '../routing/warmth.ts';
import type { Parts } from './parts.ts';
import { predictionsIn } from './predictions.ts';

/** Mirroring as operators see it: with what it cost. */
export interface Shadowing extends Pick<Shadow, 'hear' | 'mirror' | 'stop'> {
  view(): readonly (ShadowView & { readonly marginalUsd: number; readonly amortisedUsd: number })[];
  /** Versions that get copies of a model's calls now, and their shares. */
  mirroredOf(model: string): { version: string; share: number }[];
}

/** Mirrored calls go to targets by the ordinary attempt, and past everything that serves callers. */
export function createShadowing(parts: Parts): Shadowing {
  const { clock, random, emit, work } = parts;
  const memory = lesserMemory(parts);
  const attempts: AttemptPorts = {
    clock,
    emit,
    backends: parts.backends.backends,
    memory,
    measure: parts.routing.measure,
    charge: parts.routing.ledger.charge, // the operator's money, not the tenant's budget
  };
  const shadow = createShadow({
    clock,
    random,
    emit,
    memory,
    background: work.start,
    models: () => parts.config().models,
    call: (model, version, request, near, timeoutMs) =>
      callShadow(parts, attempts, { model, version, request, near, timeoutMs }),
    predictionsOf: predictionsIn(parts),
  });
  const spent = new Map<string, { marginalUsd: number; amortisedUsd: number }>();
  const hear: Listener = event => {
    shadow.hear(event);
    if (event.type !== 'attempt-finished' || event.attempt.reason !== 'shadow') return;
    const { model, version } = event.attempt.target;
    const sum = spent.get(`${model}/${version}`) ?? { marginalUsd: 0, amortisedUsd: 0 };
    sum.marginalUsd += event.costUsd ?? 0;
    sum.amortisedUsd += event.amortisedUsd ?? 0;
    spent.set(`${model}/${version}`, sum);
  };
  return {
    hear,
    mirror: shadow.mirror,
    stop: shadow.stop,
    view: () =>
      shadow.view().map(each => ({
        ...each,
        ...(spent.get(`${each.model}/${each.version}`) ?? { marginalUsd: 0, amortisedUsd: 0 }),
      })),
    mirroredOf: model =>
      shadow
        .view()
        .flatMap(({ model: name, version, share }) => (name === model && share > 0 ? [{ version, share }] : [])),
  };
}

/** Of `limits.maxBufferedBytes`, for the copies of all models and their answers: the rest is the callers'. */
const copiesShare = 0.1;

/** The callers' memory, of which copies may hold so much. */
function lesserMemory({ admission, config }: Pick<Parts, 'admission' | 'config'>): LanePorts['memory'] {
  const mostBytes = copiesShare * config().config.limits.maxBufferedBytes; // fixed for the process
  let held = 0;
  return {
    tryTake: bytes => {
      if (held + bytes > mostBytes || !admission.tryTake(bytes)) return false;
      held += bytes;
      return true;
    },
    give: bytes => {
      held -= bytes;
      admission.give(bytes);
    },
    get short() {
      return admission.short;
    },
  };
}

interface Copy {
  readonly model: string;
  readonly version: string;
  readonly request: InferenceRequest;
  readonly near: Target;
  readonly timeoutMs: number;
}

/**
 * One attempt, in the primary's region if the version is there, else where it is fastest. No router, retry budget or
 * warm share is asked: their state is the callers'. A half-open target may be tried, as nobody is hurt if it fails.
 */
async function callShadow(parts: Parts, ports: AttemptPorts, copy: Copy): Promise<Attempt | 'ejected' | undefined> {
  const { request, near, timeoutMs } = copy;
  const model = parts.config().models.get(copy.model);
  const version = model?.versions.find(({ name }) => name === copy.version);
  if (model === undefined || version === undefined) return undefined;
  const { router, health } = parts;
  const distance = (target: Target) => (target.region === near.region ? 0 : expectedMs(router.estimate(target)));
  const nearest = version.targets
    .filter(target => router.mayEverServe(model, target, request))
    .sort((a, b) => distance(a) - distance(b));
  let ejected = nearest.length > 0;
  for (const target of nearest) {
    const availability = health.available(target, 'sheddable');
    if (!availability.usable) {
      ejected &&= availability.why === 'ejected';
      continue;
    }
    const permit = health.acquire(target, availability.trial ? 'trial' : 'call', 'sheddable');
    ejected = false;
    if (permit === undefined) continue;
    const shortened = timeoutMs < fairTimeoutMs(router.estimate(target));
    return attempt(ports, model, request, {
      target,
      permit,
      reason: 'shadow',
      timeoutMs,
      shortened,
      signal: request.signal,
    });
  }
  return ejected ? 'ejected' : undefined;
}
