import { FaultSpecError } from '../fault-spec.ts';
import type { Subscription } from './event-bus.ts';

/** Where events are sent, of all regions: one list, as a rule in each would be the same. */
export interface Subscriptions {
  all(): readonly Subscription[];
  add(subscription: Subscription): void;
  clear(): void;
}

export function createSubscriptions(): Subscriptions {
  const subscriptions: Subscription[] = [];
  return {
    all: () => subscriptions,
    add: subscription => void subscriptions.push(subscription),
    clear: () => void subscriptions.splice(0),
  };
}

/** Checks `{"url","headers"?}`. Throws `FaultSpecError` with what is wrong. */
export function readSubscription(value: unknown): Subscription {
  const { url, headers = {} } = (value ?? {}) as { url?: unknown; headers?: unknown };
  if (typeof url !== 'string' || !URL.canParse(url))
    throw new FaultSpecError(['url: expected where events are posted']);
  const isHeaders = typeof headers === 'object' && headers !== null && !Array.isArray(headers);
  if (!isHeaders || Object.values(headers).some(text => typeof text !== 'string'))
    throw new FaultSpecError(['headers: expected an object of texts']);
  return { url, headers: { ...headers } as Record<string, string> };
}
