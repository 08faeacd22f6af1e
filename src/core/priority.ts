import type { Model } from './model.ts';
import type { Caller } from './request.ts';

/** How much a call matters, most first: who is refused when not everybody can be served. */
export const priorities = ['critical', 'normal', 'sheddable'] as const;
/** One of them. */
export type Priority = (typeof priorities)[number];

/**
 * Of a tenant's call to a model: sheddable if either is (a batch tenant must not crowd a critical model out), else
 * critical if either is.
 */
function joinedPriority(tenant: Priority, model: Priority): Priority {
  for (const decisive of ['sheddable', 'critical'] as const) {
    if (tenant === decisive || model === decisive) return decisive;
  }
  return 'normal';
}

/** How much one call matters. */
export function priorityOf(model: Pick<Model, 'priority'>, { caller }: { readonly caller: Caller }): Priority {
  return joinedPriority(caller.priority ?? 'normal', model.priority);
}
