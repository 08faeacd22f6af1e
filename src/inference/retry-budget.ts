import type { Clock } from '../core/clock.ts';
import type { Priority } from '../core/priority.ts';

/**
 * One token bucket per process, so that retries can never multiply an outage: every attempt after a request's first,
 * every hedge and every client's own retry takes a token. Shape after Finagle's RetryBudget, one per process.
 */
export interface RetryBudget {
  /** A request was accepted: earns `ratio` of a token. */
  accepted(): void;
  /** Takes a token for a retry; false if there is none. Sheddable calls leave half the bucket to the others. */
  takeRetry(priority?: Priority): boolean;
  /** Takes a token for a hedge; refused while less than half the bucket is left, so that retries go first. */
  takeHedge(): boolean;
  /** Takes what a client's own retry costs us; never refused, and never from the half that is kept for our own. */
  chargeClientRetry(): void;
  /** Tokens left as a share of the capacity, 0 to 1. */
  remaining(): number;
}

interface BudgetOptions {
  readonly ratio: number;
  /** This replica's share, read each time: the number of replicas may change. */
  perSecond(): number;
}

const spanSeconds = 10;
const minimumCapacity = 100;

/** Capacity is ten seconds of both earnings and at least 100; full at start. */
export function createRetryBudget(options: BudgetOptions, clock: Clock): RetryBudget {
  let tokens = minimumCapacity;
  let capacity = minimumCapacity;
  let refilledAt = clock.now();
  let rate = 0; // accepted per second, smoothed over the span
  let acceptedSince = 0;

  const refill = () => {
    const elapsed = (clock.now() - refilledAt) / 1000;
    if (elapsed < 0.1) return;
    refilledAt = clock.now();
    const weight = Math.min(1, elapsed / spanSeconds);
    rate += weight * (acceptedSince / elapsed - rate);
    acceptedSince = 0;
    capacity = Math.max(minimumCapacity, spanSeconds * (options.perSecond() + options.ratio * rate));
    tokens = Math.min(capacity, tokens + elapsed * options.perSecond());
  };
  const take = (floor: number): boolean => {
    refill();
    if (tokens - 1 < floor) return false;
    tokens -= 1;
    return true;
  };

  return {
    accepted: () => {
      refill();
      acceptedSince += 1;
      tokens = Math.min(capacity, tokens + options.ratio);
    },
    takeRetry: priority => take(priority === 'sheddable' ? capacity / 2 : 0),
    takeHedge: () => take(capacity / 2),
    chargeClientRetry: () => {
      if (tokens > capacity / 2) tokens -= 1;
    },
    remaining: () => {
      refill();
      return tokens / capacity;
    },
  };
}
