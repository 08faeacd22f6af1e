import type { CacheSettings, FallbackStep, Model } from '../core/model.ts';
import type { InferenceRequest } from '../core/request.ts';
import type { Answer } from '../core/result.ts';
import type { CacheEntry } from './cache.ts';
import { acceptedStaleSeconds, cachePlan, freshness } from './freshness.ts';

/** What answered in place of the model that was asked. `R` is whatever a call to another model comes to. */
export type FallbackAnswer<R> =
  | { readonly kind: 'stale'; readonly entry: CacheEntry }
  | { readonly kind: 'model'; readonly model: string; readonly result: R }
  | { readonly kind: 'static'; readonly answer: Answer };

/** One call that no target answered, and what the chain needs to find a stand-in. */
export interface FallbackCall<R> {
  readonly model: Model;
  readonly request: InferenceRequest;
  /** The version first chosen; undefined when none could be reached. */
  readonly version: string | undefined;
  /** Residency classes this call is bound to; undefined means unbound. */
  readonly bound: ReadonlySet<string> | undefined;
  /** 0 for a caller's request, 1 inside a fallback model, which has no chain of its own. */
  readonly depth: number;
  /** Tries only these kinds of step. */
  readonly kinds: readonly FallbackStep['kind'][];
  readonly nowWallMs: number;
  readonly findModel: (name: string) => Model | undefined;
  /** The cached answer of one version under this request's key. */
  readonly lookUp: (version: string) => Promise<CacheEntry | undefined>;
  /** Calls the fallback model at depth 1 with what remains of the deadline; undefined when it did not answer either. */
  readonly callModel: (model: Model, request: InferenceRequest) => Promise<R | undefined>;
}

/** Goes down the model's fallback chain and resolves to the first that can be had, or undefined. */
export async function fallBack<R>(input: FallbackCall<R>): Promise<FallbackAnswer<R> | undefined> {
  for (const step of allowedSteps(input)) {
    const found = await tryStep(step, input);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The steps this caller may be given. None for one that refuses fallback, none inside a fallback model. */
export function allowedSteps(
  input: Pick<FallbackCall<unknown>, 'model' | 'request' | 'bound' | 'depth' | 'kinds' | 'findModel'>,
): readonly FallbackStep[] {
  const { model, request, bound, depth, kinds, findModel } = input;
  if (request.hints.fallback === 'none' || depth > 0) return [];
  return model.fallback.filter(step => {
    if (!kinds.includes(step.kind)) return false;
    if (step.kind === 'static') return true;
    if (step.kind === 'stale') return cachePlan(request, model.cache).read;
    const other = findModel(step.model);
    return other !== undefined && mayBeGiven(request, other) && overlaps(bound, other.residency);
  });
}

/**
 * The versions whose stale answers may be used, in order: the one chosen, then stable (the one with the most weight,
 * the first of equals). Thus a canary's answer reaches only callers the canary was chosen for.
 */
export function staleVersions(model: Model, chosen: string | undefined): readonly string[] {
  let stable = model.versions[0];
  for (const version of model.versions) if (version.weight > (stable?.weight ?? 0)) stable = version;
  const names = [chosen, stable?.name].filter(name => name !== undefined);
  return [...new Set(names)];
}

/**
 * The request as the fallback model gets it: the residency bound of the model first asked stays in force, and fields
 * that address parts of the first model's endpoint are left behind.
 */
export function fallbackRequest(
  request: InferenceRequest,
  other: Model,
  bound: ReadonlySet<string> | undefined,
): InferenceRequest {
  const { targetModel, targetVariant, targetContainerHostname, inferenceComponent, ...fields } = request.fields;
  const many = other.versions.some(version => version.targets.some(target => target.kind === 'sagemaker-multi-model'));
  return {
    ...request,
    model: other.name,
    fields: many && targetModel !== undefined ? { ...fields, targetModel } : fields,
    caller: bound === undefined ? request.caller : { ...request.caller, residency: bound },
  };
}

async function tryStep<R>(step: FallbackStep, input: FallbackCall<R>): Promise<FallbackAnswer<R> | undefined> {
  switch (step.kind) {
    case 'stale':
      return staleAnswer(input);
    case 'model': {
      const other = input.findModel(step.model);
      if (other === undefined) return undefined;
      const result = await input.callModel(other, fallbackRequest(input.request, other, input.bound));
      return result === undefined ? undefined : { kind: 'model', model: other.name, result };
    }
    case 'static':
      return {
        kind: 'static',
        answer: { status: 200, headers: { 'content-type': step.contentType }, body: step.body },
      };
  }
}

async function staleAnswer(input: FallbackCall<unknown>): Promise<FallbackAnswer<never> | undefined> {
  const settings: CacheSettings | undefined = input.model.cache;
  if (settings === undefined) return undefined;
  for (const version of staleVersions(input.model, input.version)) {
    const entry = await input.lookUp(version);
    if (entry === undefined) continue;
    const state = freshness(entry, settings, input.nowWallMs, acceptedStaleSeconds(input.request));
    if (state !== 'expired') return { kind: 'stale', entry };
  }
  return undefined;
}

function mayBeGiven(request: InferenceRequest, other: Model): boolean {
  const allowed = request.caller.models;
  return other.publicFallback || allowed === undefined || allowed.has(other.name);
}

/** Whether some residency class satisfies both; undefined binds nothing. */
function overlaps(a: ReadonlySet<string> | undefined, b: ReadonlySet<string> | undefined): boolean {
  return a === undefined || b === undefined || [...a].some(residency => b.has(residency));
}
