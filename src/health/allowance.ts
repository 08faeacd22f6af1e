import type { Clock } from '../core/clock.ts';

/** A bucket of one token, filled at a steady rate; full at start. */
export class Allowance {
  readonly #clock: Clock;
  readonly #perSecond: () => number;
  #tokens = 1;
  #filledAt: number;

  constructor(clock: Clock, perSecond: () => number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#filledAt = clock.now();
  }

  /** Takes the token if it is there. A rate of zero never gives one. */
  take(): boolean {
    const perSecond = this.#perSecond();
    if (perSecond <= 0) return false;
    const now = this.#clock.now();
    this.#tokens = Math.min(1, this.#tokens + ((now - this.#filledAt) / 1_000) * perSecond);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
