import type { Priority } from '../core/priority.ts';
import type { AttemptResult } from '../core/result.ts';
import type { Permit, PermitReason } from './health.ts';

/** Who lent the slot. */
export interface Lender {
  giveBack(permit: SlotPermit): void;
  judge(permit: SlotPermit, result: AttemptResult): void;
}

/** One slot, given back exactly once whatever is called how often. */
export class SlotPermit implements Permit {
  readonly reason: PermitReason;
  /** The breaker's epoch when the call began: results from an older one are not judged. */
  readonly epoch: number;
  readonly priority: Priority;
  readonly #lender: Lender;
  #held = true;

  constructor(lender: Lender, reason: PermitReason, epoch: number, priority: Priority) {
    this.#lender = lender;
    this.reason = reason;
    this.epoch = epoch;
    this.priority = priority;
  }

  settle(result: AttemptResult): void {
    if (!this.#held) return;
    this.#held = false;
    try {
      this.#lender.judge(this, result);
    } finally {
      this.#lender.giveBack(this);
    }
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#lender.giveBack(this);
  }
}
