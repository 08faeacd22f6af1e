import type { HealthOptions } from './options.ts';

/** When outcomes eject a target. */
export type OutlierRules = Pick<HealthOptions, 'consecutiveFailures' | 'failureRate' | 'minimumRequests' | 'windowMs'>;

/** What the window says: well, or why not. */
export type Verdict = 'well' | 'consecutive-failures' | 'failure-rate';

const bucketCount = 10;

/**
 * What a target's calls came to lately, in ten time buckets, so that a call costs two additions and no allocation.
 * The oldest bucket is dropped whole: the window covers between nine tenths of `windowMs` and all of it.
 */
export class OutcomeWindow {
  readonly #rules: OutlierRules;
  readonly #calls = new Uint32Array(bucketCount);
  readonly #failures = new Uint32Array(bucketCount);
  #totalCalls = 0;
  #totalFailures = 0;
  #failuresInARow = 0;
  /** Number of the newest bucket's time slice. */
  #slice = 0;

  constructor(rules: OutlierRules) {
    this.#rules = rules;
  }

  get calls(): number {
    return this.#totalCalls;
  }

  get failures(): number {
    return this.#totalFailures;
  }

  get failuresInARow(): number {
    return this.#failuresInARow;
  }

  /** Counts one call that says something about the target's health; neutral outcomes are not handed in. */
  record(ill: boolean, nowMs: number): void {
    this.#advance(nowMs);
    const index = this.#slice % bucketCount;
    this.#calls[index] = (this.#calls[index] ?? 0) + 1;
    this.#totalCalls += 1;
    if (!ill) {
      this.#failuresInARow = 0;
      return;
    }
    this.#failures[index] = (this.#failures[index] ?? 0) + 1;
    this.#totalFailures += 1;
    this.#failuresInARow += 1;
  }

  verdict(nowMs: number): Verdict {
    this.#advance(nowMs);
    if (this.#failuresInARow >= this.#rules.consecutiveFailures) return 'consecutive-failures';
    const enough = this.#totalCalls >= this.#rules.minimumRequests;
    if (enough && this.#totalFailures >= this.#rules.failureRate * this.#totalCalls) return 'failure-rate';
    return 'well';
  }

  /** The verdict's grounds, for people. */
  summary(verdict: Exclude<Verdict, 'well'>): string {
    if (verdict === 'consecutive-failures') return `${this.#failuresInARow} failures in a row`;
    return `${this.#totalFailures} of ${this.#totalCalls} calls failed within ${this.#rules.windowMs} ms`;
  }

  /** Forgets everything: what came before an ejection says nothing about the time after it. */
  empty(): void {
    this.#calls.fill(0);
    this.#failures.fill(0);
    this.#totalCalls = 0;
    this.#totalFailures = 0;
    this.#failuresInARow = 0;
  }

  #advance(nowMs: number): void {
    const slice = Math.floor((nowMs * bucketCount) / this.#rules.windowMs);
    const steps = Math.min(slice - this.#slice, bucketCount);
    for (let step = 0; step < steps; step += 1) {
      const index = (slice - step) % bucketCount;
      this.#totalCalls -= this.#calls[index] ?? 0;
      this.#totalFailures -= this.#failures[index] ?? 0;
      this.#calls[index] = 0;
      this.#failures[index] = 0;
    }
    if (steps > 0) this.#slice = slice;
  }
}
