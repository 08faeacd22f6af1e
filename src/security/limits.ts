import { GatewayError } from '../core/errors.ts';
import type { Emit, GatewayEvent } from '../core/events.ts';
import type { Caller } from '../core/request.ts';
import type { RateLimiter } from './rate-limiter.ts';
import type { Spending } from './spending.ts';
import { policyOf, type Tenants } from './tenants.ts';

/** What limiting tenants needs of the rest. */
export interface LimitsDeps {
  readonly emit: Emit;
  readonly rates: RateLimiter;
  readonly spending: Spending;
  /** Of the config in force. */
  tenants(): Tenants;
  replicas(): number;
}

/** Lets a tenant's calls in while its limits allow. */
export interface Limits {
  /** Resolves to what the call must do when it is over, once. Throws `budget-spent`, `concurrency-limited` or `rate-limited`. */
  enter(caller: Caller): Promise<() => void>;
  /** Notes what a call cost, USD. */
  charge(caller: Caller, usd: number): void;
}

type Limit = Extract<GatewayEvent, { type: 'limit-decided' }>['limit'];

const refusals = {
  rate: options => new GatewayError('rate-limited', 'Your tenant calls more often than it may: slow down.', options),
  concurrency: options =>
    new GatewayError('concurrency-limited', 'Your tenant has all the calls under way that it may: wait.', options),
  budget: options =>
    new GatewayError('budget-spent', 'Your tenant has spent its budget of the day: wait for midnight UTC.', options),
} as const satisfies Record<Limit, (options: { readonly retryAfterSeconds: number }) => GatewayError>;

/** Money is asked first and the rate last: a call that is refused otherwise must not use up a turn. */
export function createLimits({ emit, rates, spending, tenants, replicas }: LimitsDeps): Limits {
  const inFlight = new Map<string, number>();
  /** Counts a decision; throws when the limit is enforced and one would have to wait. */
  const decide = (tenant: string, limit: Limit, mode: 'enforce' | 'observe', waitSeconds: number) => {
    const result = waitSeconds <= 0 ? 'allowed' : mode === 'observe' ? 'observed' : 'limited';
    emit({ type: 'limit-decided', tenant, limit, result });
    if (result === 'limited') throw refusals[limit]({ retryAfterSeconds: Math.max(1, Math.ceil(waitSeconds)) });
  };
  const occupy = (tenant: string): (() => void) => {
    let held = 1;
    inFlight.set(tenant, (inFlight.get(tenant) ?? 0) + 1);
    return () => {
      inFlight.set(tenant, (inFlight.get(tenant) ?? 0) - held);
      held = 0;
    };
  };
  const enter = async ({ tenant }: Caller): Promise<() => void> => {
    const { requests, concurrency, budget } = policyOf(tenants(), tenant) ?? {};
    if (budget !== undefined)
      decide(tenant, 'budget', budget.mode, spending.isSpent(tenant, budget.usdPerDay) ? spending.secondsLeft() : 0);
    if (concurrency === undefined && requests === undefined) return () => {};
    if (concurrency !== undefined) {
      const share = Math.max(1, Math.floor(concurrency.max / replicas()));
      decide(tenant, 'concurrency', concurrency.mode, (inFlight.get(tenant) ?? 0) < share ? 0 : 1);
    }
    const leave = occupy(tenant);
    if (requests === undefined) return leave;
    try {
      const { perSecond, burst = Math.max(1, Math.ceil(perSecond)), mode } = requests;
      decide(tenant, 'rate', mode, (await rates.take(tenant, { perSecond, burst })) / 1000);
      return leave;
    } catch (error) {
      leave();
      throw error;
    }
  };
  return {
    enter,
    charge: ({ tenant }, usd) => {
      if (policyOf(tenants(), tenant)?.budget !== undefined) spending.add(tenant, usd);
    },
  };
}
