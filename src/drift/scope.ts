import type { InferenceRequest } from '../core/request.ts';
import { residencyBound } from '../core/residency.ts';
import type { MonitoredModel } from './ports.ts';

/** The scope that every call belongs to, whoever made it. */
export const everyone = 'all';

/** What of a call says where it may be served. */
export type Bound = Pick<InferenceRequest, 'caller' | 'hints'>;

/**
 * The scope a call belongs to beside `all`, if it is watched: the residency class of callers that may be served in that
 * class alone, by their key, their hint or the model's own residency. Not the class that happened to serve them: which of
 * several places that is follows prices, load and outages, so a region that fails would look like drift of the one that
 * steps in. A bound call stays in its class whatever fails, and so does what was captured of it.
 */
export function scopeOf({ scopes, classes, residency }: MonitoredModel, call: Bound): string | undefined {
  if (scopes.length === 0) return undefined;
  const bound = residencyBound({ residency }, call);
  const allowed = bound === undefined ? classes : classes.intersection(bound);
  const [only] = allowed;
  return allowed.size === 1 && only !== undefined && scopes.includes(only) ? only : undefined;
}
