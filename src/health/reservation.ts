import type { Clock } from '../core/clock.ts';
import type { Priority } from '../core/priority.ts';

/** Peaks of the last seconds are kept for those who had them; kept for longer, slots would stand empty. */
const halfLifeMs = 2_000;
/** Below this a demand is over. */
const negligible = 0.5;

/** The most calls at once, fading with time. */
interface Demand {
  peak: number;
  at: number;
}

/**
 * Keeps slots of one target for more important calls: as many as they needed at once lately and have not taken. Who is
 * as important as anybody around may take every slot, so nothing is kept where all calls matter the same.
 */
export class Reservation {
  readonly #clock: Clock;
  readonly #inFlight: Record<Priority, number> = { critical: 0, normal: 0, sheddable: 0 };
  readonly #demand = { critical: { peak: 0, at: 0 }, normal: { peak: 0, at: 0 } } satisfies Record<string, Demand>;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  began(priority: Priority): void {
    this.#inFlight[priority] += 1;
    if (priority !== 'sheddable') this.#note(this.#demand[priority], this.#inFlight[priority]);
  }

  ended(priority: Priority): void {
    this.#inFlight[priority] -= 1;
  }

  /** A call found no slot: it is needed all the same. */
  wanted(priority: Priority): void {
    if (priority !== 'sheddable') this.#note(this.#demand[priority], this.#inFlight[priority] + 1);
  }

  /** Whether the last of these free slots are kept from a call of this priority. */
  withholds(freeSlots: number, priority: Priority): boolean {
    if (priority === 'critical') return false;
    const kept = this.#unmet('critical');
    return freeSlots <= (priority === 'normal' ? kept : kept + this.#unmet('normal'));
  }

  #unmet(priority: 'critical' | 'normal'): number {
    return Math.max(0, Math.ceil(this.#lately(this.#demand[priority])) - this.#inFlight[priority]);
  }

  #note(demand: Demand, needed: number): void {
    if (needed < this.#lately(demand)) return;
    demand.peak = needed;
    demand.at = this.#clock.now();
  }

  #lately({ peak, at }: Demand): number {
    if (peak === 0) return 0;
    const left = peak * 2 ** ((at - this.#clock.now()) / halfLifeMs);
    return left < negligible ? 0 : left;
  }
}
