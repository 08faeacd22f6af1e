import type { Model, Version } from '../core/model.ts';
import { kindTraits, type Target } from '../core/target.ts';
import type { Exclusion, RoutedRequest } from './router.ts';

/** Why a target may never serve this request, whatever its health; undefined when it may. Residency binds first. */
export function hardExclusion(model: Model, target: Target, request: RoutedRequest): Exclusion | undefined {
  const { hints, fields, caller, body } = request;
  if (!mayReside(target.residency, model, caller.residency, hints.residency)) return 'residency';
  if (hints.region !== undefined) {
    if ('pin' in hints.region && hints.region.pin !== target.region) return 'pinned-elsewhere';
    if ('exclude' in hints.region && hints.region.exclude === target.region) return 'region-excluded';
  }
  const { queues } = kindTraits[target.kind];
  if (queues && request.queued === undefined) return 'only-queued';
  if (!queues && request.queued !== undefined) return 'no-queue';
  if (request.queued?.inputs?.has(target.region) === false) return 'input-elsewhere';
  if (body.length > target.maxRequestBytes) return 'body-too-large';
  if (!target.operations.includes(request.operation)) return 'other-operation';
  if (request.streaming && !kindTraits[target.kind].streams) return 'no-streaming';
  if (target.kind === 'sagemaker-multi-model' || fields.targetModel !== undefined) {
    const why = targetModelExclusion(target, fields.targetModel);
    if (why !== undefined) return why;
  }
  if (!mayName(fields.targetVariant, target.variant, model.callerMayName.variant)) return 'other-variant';
  if (!mayName(fields.inferenceComponent, target.component, model.callerMayName.component)) return 'other-component';
  return undefined;
}

/** The bound is the intersection of what the model, the key and the caller's hint allow. */
function mayReside(
  residency: string,
  model: Model,
  key: ReadonlySet<string> | undefined,
  hint: string | undefined,
): boolean {
  if (model.residency !== undefined && !model.residency.has(residency)) return false;
  if (key !== undefined && !key.has(residency)) return false;
  return hint === undefined || hint === residency;
}

/** A multi-model endpoint must be told which model; only one without a fixed model can be told by the caller. */
function targetModelExclusion(target: Target, named: string | undefined): Exclusion | undefined {
  if (target.kind !== 'sagemaker-multi-model') return 'other-target-model';
  if (named === undefined) return target.targetModel === undefined ? 'needs-target-model' : undefined;
  return target.targetModel === undefined || target.targetModel === named ? undefined : 'other-target-model';
}

/** A caller's name picks the target configured with it; one with none of its own takes any, where that is allowed. */
function mayName(named: string | undefined, own: string | undefined, callerMayName: boolean): boolean {
  if (named === undefined || named === own) return true;
  return own === undefined && callerMayName;
}

/** Finds the versions a request can reach at all. */
export interface Reach {
  reachable(model: Model, request: RoutedRequest): readonly Version[];
}

interface Plain {
  readonly versions: readonly Version[];
  /** Up to this size of body no target is excluded for it. */
  readonly smallestLimit: number;
}

/** Most requests bring no wishes, and for them the answer depends on the model alone: it is worked out once. */
export function createReach(): Reach {
  const plain = new WeakMap<Model, Plain>();
  return {
    reachable: (model, request) => {
      if (!isPlain(request)) return reachableVersions(model, request);
      let known = plain.get(model);
      if (known === undefined) {
        known = {
          versions: reachableVersions(model, { ...request, body: { length: 0 } }),
          smallestLimit: Math.min(
            ...model.versions.flatMap(version => version.targets.map(each => each.maxRequestBytes)),
          ),
        };
        plain.set(model, known);
      }
      return request.body.length <= known.smallestLimit ? known.versions : reachableVersions(model, request);
    },
  };
}

function isPlain({ operation, hints, fields, caller, streaming, queued }: RoutedRequest): boolean {
  return (
    operation === 'invoke' &&
    !streaming &&
    hints.version === undefined &&
    queued === undefined &&
    hints.residency === undefined &&
    hints.region === undefined &&
    caller.residency === undefined &&
    fields.targetModel === undefined &&
    fields.targetVariant === undefined &&
    fields.inferenceComponent === undefined
  );
}

function reachableVersions(model: Model, request: RoutedRequest): readonly Version[] {
  const only = request.hints.version;
  const asked = only === undefined ? model.versions : model.versions.filter(({ name }) => name === only);
  return asked.filter(version => version.targets.some(target => hardExclusion(model, target, request) === undefined));
}
