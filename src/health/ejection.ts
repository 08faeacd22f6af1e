import type { EjectionReason } from '../core/events.ts';
import type { Random } from '../core/random.ts';
import type { HealthOptions } from './options.ts';

/** How long ejections last. */
export type EjectionRules = Pick<HealthOptions, 'baseEjectionMs' | 'maxEjectionMs' | 'ejectionJitter'>;
/** How ejections are forgiven. */
export type ReturnRules = Pick<HealthOptions, 'baseEjectionMs' | 'slowStartMs'>;

/**
 * How long the `inARow`th ejection lasts, ms: base × count, capped, then jittered so that replicas and targets do not
 * come back together (Envoy outlier detection: `base_ejection_time`, `max_ejection_time`, `max_ejection_time_jitter`).
 */
export function ejectionMs(inARow: number, rules: EjectionRules, random: Random): number {
  const capped = Math.min(rules.baseEjectionMs * inARow, rules.maxEjectionMs);
  return capped * (1 + rules.ejectionJitter * (2 * random() - 1));
}

/**
 * Ejections in a row that still count after serving for `servedMs`: one is forgiven for each base ejection time served
 * after the slow start. Envoy likewise takes one off per interval without ejection, rather than forgetting all at once.
 */
export function standingEjections(count: number, servedMs: number, rules: ReturnRules): number {
  const forgiven = Math.floor((servedMs - rules.slowStartMs) / rules.baseEjectionMs);
  return Math.max(0, count - Math.max(0, forgiven));
}

/** One target's ejections: how many in a row, why the last, and until when. */
export class Ejections {
  /** Why it is out; undefined while it serves. */
  reason: EjectionReason | undefined;
  /** Human words on the last one; kept after the return, for operators. */
  detail: string | undefined;
  #count = 0;
  #until = 0;
  #servingSince: number;

  constructor(nowMs: number) {
    this.#servingSince = nowMs;
  }

  /**
   * Starts one and returns how long the target stays out, ms. Only what hurt callers grows the next ejection: a failed
   * probe costs nobody anything, and a missing permission is mended by people, so both last the base time.
   */
  begin(reason: EjectionReason, detail: string, hurt: boolean, nowMs: number, rules: HealthOptions, random: Random) {
    const standing = this.standing(nowMs, rules);
    this.#count = hurt ? standing + 1 : Math.max(1, standing);
    this.reason = reason;
    this.detail = detail;
    const forMs = ejectionMs(hurt ? this.#count : 1, rules, random);
    // The later of the two: a short ejection must not cut a long one.
    this.#until = Math.max(this.#until, nowMs + forMs);
    return this.#until - nowMs;
  }

  /** The target serves again. */
  end(nowMs: number): void {
    this.reason = undefined;
    this.#until = nowMs;
    this.#servingSince = nowMs;
  }

  /** Ejections in a row, less what serving well has forgiven. */
  standing(nowMs: number, rules: ReturnRules): number {
    if (this.reason !== undefined) return this.#count;
    return standingEjections(this.#count, nowMs - this.#servingSince, rules);
  }

  remainingMs(nowMs: number): number {
    return Math.max(0, this.#until - nowMs);
  }
}
