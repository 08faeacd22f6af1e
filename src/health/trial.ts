import type { SlotPermit } from './permit.ts';

/** The one call that may try an ill target, at most one at a time, and what came of the earlier ones. */
export class Trial {
  #permit: SlotPermit | undefined;
  #expiresAt = 0;
  /** Good answers in a row. */
  good = 0;
  /** Probes in a row that said nothing either way. */
  neutralProbes = 0;

  /** Whether one is under way. One that never ended stops counting when it expires. */
  runs(nowMs: number): boolean {
    return this.#permit !== undefined && nowMs < this.#expiresAt;
  }

  begin(permit: SlotPermit, expiresAt: number): void {
    this.#permit = permit;
    this.#expiresAt = expiresAt;
  }

  /** Whether this is the trial that counts; an expired and replaced one is not. */
  is(permit: SlotPermit): boolean {
    return this.#permit === permit;
  }

  end(): void {
    this.#permit = undefined;
  }

  reset(): void {
    this.#permit = undefined;
    this.good = 0;
    this.neutralProbes = 0;
  }
}
