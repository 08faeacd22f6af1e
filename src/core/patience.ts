import type { Clock } from './clock.ts';

/** Late this often in a row means slow; it is then not asked for a while. */
const lateToSkip = 5;
const skipMs = 1_000;

/** Asks something shared that should be quick, such as Redis, and goes on without an answer that is late. */
export class Patience {
  readonly #clock: Clock;
  readonly #budgetMs: number;
  #late = 0;
  #lateInRow = 0;
  #skipUntil = Number.NEGATIVE_INFINITY;

  /** @param budgetMs how long an answer is waited for */
  constructor(clock: Clock, budgetMs: number) {
    this.#clock = clock;
    this.#budgetMs = budgetMs;
  }

  /** Questions without an answer in time, since the start. */
  get late(): number {
    return this.#late;
  }

  /** False for a second after five late answers in a row. */
  get ready(): boolean {
    return this.#clock.now() >= this.#skipUntil;
  }

  /** Resolves to the answer; undefined when it is late or fails. @param onLate is given an answer that came too late */
  ask<T>(question: () => Promise<T>, onLate: (answer: T) => void = () => {}): Promise<T | undefined> {
    return new Promise(resolve => {
      let late = false;
      const cancel = this.#clock.after(this.#budgetMs, () => {
        late = true;
        this.#countLate();
        resolve(undefined);
      });
      const settle = (answer: T | undefined) => {
        if (late) return;
        cancel();
        this.#lateInRow = 0;
        resolve(answer);
      };
      question().then(
        answer => (late ? onLate(answer) : settle(answer)),
        () => settle(undefined), // whoever is asked judges itself, and stops being up
      );
    });
  }

  #countLate(): void {
    this.#late += 1;
    this.#lateInRow += 1;
    if (this.#lateInRow >= lateToSkip) this.#skipUntil = this.#clock.now() + skipMs;
  }
}
