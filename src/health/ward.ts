import type { Clock } from '../core/clock.ts';
import type { Emit } from '../core/events.ts';
import type { Random } from '../core/random.ts';
import type { AttemptResult } from '../core/result.ts';
import type { Target } from '../core/target.ts';
import type { Permit } from './health.ts';
import type { HealthOptions } from './options.ts';
import type { Prober } from './probes.ts';
import type { Throttle } from './throttling.ts';

/** What judging needs of the whole. `options` is read anew each time: a reload replaces it. */
export interface Ward {
  readonly clock: Clock;
  readonly random: Random;
  readonly emit: Emit;
  readonly probe: Prober | undefined;
  options(): HealthOptions;
  /** Fleet-wide rates are divided by this; at least 1. */
  replicas(): number;
  /** What targets of one quota group were refused, together. */
  throttle(quotaGroup: string): Throttle;
  /** A target fell ill, returned, or proved itself: regions are judged again. */
  changed(): void;
}

/** Whom it is about. */
export interface Patient {
  readonly target: Target;
  acquire(reason: 'probe'): Permit | undefined;
}

/** For operators only: it may name upstream endpoints and roles. */
export function failureWords(result: AttemptResult): string {
  const { outcome, error } = result;
  return error === undefined ? outcome : `${outcome} (${error.type}: ${error.message})`;
}
