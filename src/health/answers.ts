import type { Availability } from './health.ts';

/** Every answer to "may we send there?". Shared and frozen: it is asked for every target of every request. */
export const answers = Object.freeze({
  usable: Object.freeze({ usable: true, trial: false }),
  trial: Object.freeze({ usable: true, trial: true }),
  drained: Object.freeze({ usable: false, why: 'drained' }),
  evacuated: Object.freeze({ usable: false, why: 'evacuated' }),
  ejected: Object.freeze({ usable: false, why: 'ejected' }),
  throttled: Object.freeze({ usable: false, why: 'throttled' }),
  reserved: Object.freeze({ usable: false, why: 'reserved' }),
  full: Object.freeze({ usable: false, why: 'full' }),
} as const satisfies Record<string, Availability>);
