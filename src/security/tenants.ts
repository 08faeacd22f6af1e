import type { Caller } from '../core/request.ts';
import type { TenantOptions } from './options.ts';

/** Tenants' policies by name, as the config has them. */
export type Tenants = Readonly<Record<string, TenantOptions>>;

/**
 * Puts a tenant's policy on its callers: the models of key and tenant both, the tenant's operations and priority. Made
 * anew for each config; callers are few and stay the same objects, so each is worked out once.
 */
export function bindCallers(tenants: Tenants): (caller: Caller) => Caller {
  const bound = new WeakMap<Caller, Caller>();
  return caller => {
    const policy = policyOf(tenants, caller.tenant);
    if (policy === undefined) return caller;
    const known = bound.get(caller);
    if (known !== undefined) return known;
    const { models, operations, priority } = policy;
    const allowed =
      models === undefined ? caller.models : (caller.models ?? new Set(models)).intersection(new Set(models));
    const result: Caller = {
      ...caller,
      ...(allowed && { models: allowed }),
      ...(operations && { operations: new Set(operations) }),
      priority,
    };
    bound.set(caller, result);
    return result;
  };
}

/** A tenant's policy; undefined for one that the config does not name. */
export function policyOf(tenants: Tenants, tenant: string): TenantOptions | undefined {
  return Object.hasOwn(tenants, tenant) ? tenants[tenant] : undefined;
}
