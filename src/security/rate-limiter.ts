import type { Clock } from '../core/clock.ts';
import { Patience } from '../core/patience.ts';
import type { SharedCounters } from '../state/state.ts';
import { gcra, type Rate } from './gcra.ts';

/** Redis is waited for this long at most; then this replica decides alone. */
const budgetMs = 25;

/** What limiting rates needs of the rest. */
export interface RateLimiterDeps {
  readonly clock: Clock;
  /** Undefined where replicas share nothing. */
  readonly shared: SharedCounters | undefined;
  /** How many replicas share a rate when each has to decide alone. */
  replicas(): number;
  /** Told of each decision made alone although there is a shared place. */
  decidedAlone(tenant: string): void;
}

/** Decides whether a tenant may call now. */
export interface RateLimiter {
  /** Resolves to 0 when it may, else to how long it should wait, ms. Never rejects. */
  take(tenant: string, rate: Rate): Promise<number>;
}

/** For the whole fleet while Redis answers; else by this replica's share, which is kept up to date all the while. */
export function createRateLimiter({ clock, shared, replicas, decidedAlone }: RateLimiterDeps): RateLimiter {
  const dueAt = new Map<string, number>();
  const patience = new Patience(clock, budgetMs);
  const alone = (tenant: string, rate: Rate): number => {
    const count = replicas();
    const share = { perSecond: rate.perSecond / count, burst: Math.max(1, rate.burst / count) };
    const decision = gcra(dueAt.get(tenant) ?? 0, clock.now(), share);
    dueAt.set(tenant, decision.dueAt);
    return decision.waitMs;
  };
  return {
    take: async (tenant, rate) => {
      const own = alone(tenant, rate);
      if (shared === undefined) return own;
      const { perSecond, burst } = rate;
      const decided =
        shared.up && patience.ready
          ? await patience.ask(() => shared.takeRate(tenant, 1_000 / perSecond, burst))
          : undefined;
      if (decided === undefined) decidedAlone(tenant);
      return decided ?? own;
    },
  };
}
