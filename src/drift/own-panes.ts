import type { Clock } from '../core/clock.ts';
import { addPane, type Counter, type PaneCounts } from './counts.ts';
import type { SharedPanes } from './shared-panes.ts';
import type { Pane } from './stored-panes.ts';

/** A crash takes the counts of so long with it at most, ms. */
const handOverEveryMs = 10_000;

/** What this replica counted in panes that are not judged yet, and hands over to the others. */
export class OwnPanes {
  readonly #clock: Clock;
  readonly #shared: SharedPanes;
  readonly #counter: Counter;
  readonly #panes: Map<number, PaneCounts>;
  /** Monotonic, of the next time open panes are handed over; undefined while nothing came since the last. */
  #handOverAt: number | undefined;

  /** @param kept of an earlier process */
  constructor(clock: Clock, shared: SharedPanes, counter: Counter, kept: readonly Pane[]) {
    this.#clock = clock;
    this.#shared = shared;
    this.#counter = counter;
    this.#panes = new Map(kept.map(({ index, counts }) => [index, counts]));
  }

  /** The counts of a pane, to be added to. What comes late, after its pane was handed over, counts in the next. */
  at(from: number): PaneCounts {
    this.#handOverAt ??= this.#clock.now() + handOverEveryMs;
    let index = from;
    while (this.#shared.isFinal(index)) index += 1;
    const known = this.#panes.get(index) ?? this.#counter.empty();
    this.#panes.set(index, known);
    return known;
  }

  /** A copy of the counts of one pane. */
  of(index: number): PaneCounts {
    const sum = this.#counter.empty();
    const own = this.#panes.get(index);
    if (own !== undefined) addPane(sum, own);
    return sum;
  }

  all(): readonly Pane[] {
    return [...this.#panes].map(([index, counts]) => ({ index, counts }));
  }

  /** Hands over for good what is over. */
  async finishUntil(current: number): Promise<void> {
    for (const [index, counts] of this.#panes) {
      if (index >= current || this.#shared.isFinal(index)) continue;
      if (!(await this.#shared.finish(index, counts))) return; // tried again at the next turn
    }
  }

  /**
   * Hands over the panes under way as they are so far, in case this replica never finishes them. False when there is
   * nothing new in them, or the last time was not long enough ago.
   */
  async handOver(): Promise<boolean> {
    if (this.#handOverAt === undefined || this.#clock.now() < this.#handOverAt) return false;
    this.#handOverAt = undefined;
    for (const [index, counts] of this.#panes) {
      // What cannot be handed over now is offered again with what comes next, and when the pane is over.
      if (!this.#shared.isFinal(index)) await this.#shared.offer(index, counts);
    }
    return true;
  }

  /** A pane is judged. */
  close(index: number): void {
    this.#panes.delete(index);
    this.#shared.close(index);
  }

  /** The clock was ahead: what was counted in later panes is of this one. */
  setBack(current: number): void {
    const ahead = [...this.#panes].filter(([index]) => index > current);
    for (const [index] of ahead) this.#panes.delete(index);
    this.#shared.reopenFrom(current);
    for (const [, counts] of ahead) addPane(this.at(current), counts);
  }
}
