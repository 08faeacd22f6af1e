/** The class of one attempt. Decided once, at the backend edge; nothing else looks at an upstream's status. */
export const outcomes = [
  'ok',
  'caller-fault',
  'throttled',
  'cold',
  'backend-fault',
  'timeout',
  'unreachable',
  'misconfigured',
  'cancelled',
] as const;

/** One of `outcomes`. */
export type Outcome = (typeof outcomes)[number];

/** Illness counts against a target's health. Throttling is load, cold is warmth, misconfigured has its own ejection. */
export function isIllness(outcome: Outcome): boolean {
  return outcome === 'backend-fault' || outcome === 'timeout' || outcome === 'unreachable';
}

/** Final outcomes are answered to the caller as they are; every other one may move to the next candidate. */
export function isFinal(outcome: Outcome): boolean {
  return outcome === 'ok' || outcome === 'caller-fault' || outcome === 'cancelled';
}

/** The upstream certainly did no work, so even a call that must not run twice may move on. */
export function didNoWork(outcome: Outcome): boolean {
  return outcome === 'throttled' || outcome === 'cold' || outcome === 'misconfigured';
}

/** Nothing was heard: most often the way to the whole region is broken, and not this one target. */
export function wasSilent(outcome: Outcome): boolean {
  return outcome === 'timeout' || outcome === 'unreachable';
}
