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
