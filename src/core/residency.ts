import type { Model } from './model.ts';
import type { InferenceRequest } from './request.ts';

/**
 * The residency classes a call is bound to: the intersection of the model's, the key's and the caller's hint.
 * Undefined means unbound; an empty set means that nothing may serve it, and is never relaxed.
 */
export function residencyBound(
  model: Pick<Model, 'residency'>,
  request: Pick<InferenceRequest, 'caller' | 'hints'>,
): ReadonlySet<string> | undefined {
  const hint = request.hints.residency;
  const bounds = [model.residency, request.caller.residency, hint === undefined ? undefined : new Set([hint])];
  let bound: ReadonlySet<string> | undefined;
  for (const next of bounds) if (next !== undefined) bound = bound === undefined ? next : bound.intersection(next);
  return bound;
}

/** The bound as one canonical text, for keys. */
export function residencyText(bound: ReadonlySet<string> | undefined): string {
  return bound === undefined ? '*' : [...bound].sort().join(',');
}

/**
 * Where requests of a Bedrock inference profile may run, as a residency class: profiles are named after the geography
 * they stay in (Bedrock user guide, "Supported Regions and models for inference profiles"); `global.` leaves all of them.
 */
const profileResidency: Readonly<Record<string, string>> = {
  us: 'us',
  'us-gov': 'us-gov',
  eu: 'eu',
  apac: 'ap',
  jp: 'ap',
  au: 'ap',
  ca: 'ca',
  global: 'global',
};

/** The residency class of a profile's id or ARN; undefined for a model's own id, which stays in the region called. */
export function profileGeography(modelId: string | undefined): string | undefined {
  if (modelId === undefined) return undefined;
  const id = modelId.slice(modelId.lastIndexOf('/') + 1);
  const prefix = id.slice(0, id.indexOf('.'));
  return Object.hasOwn(profileResidency, prefix) ? profileResidency[prefix] : undefined;
}

/** A model id without the geography of its profile. */
export function withoutGeography(modelId: string): string {
  const id = modelId.slice(modelId.lastIndexOf('/') + 1);
  return profileGeography(id) === undefined ? id : id.slice(id.indexOf('.') + 1);
}

/** Whether a place of the config is one of AWS's regions; the others are called `x-…`. */
export function isAwsRegion(name: string): boolean {
  return !name.startsWith('x-');
}
