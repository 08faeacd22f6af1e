/** Each throttling leaves this share of the share: decrease fast, recover slowly (AIMD, as TCP does). */
const throttleFactor = 0.7;
/**
 * Never below this, so that the recovery is noticed. Low enough that the targets of a region which throttles everything
 * cost fewer retries than the budget earns (a fifth of all calls): else calls would fail for want of a retry.
 */
const throttleFloor = 0.02;
/** Regained per second without throttling. */
const recoveryPerSecond = 0.05;
/** A burst of throttled calls is one sign of overload, not many: at most one decrease in this time. */
const oneDecreaseMs = 250;
/** Longest `retry-after` honoured: no upstream may take a target away for longer. */
const maxRetryAfterMs = 30_000;

/** Load an upstream refused. It is not illness: the target stays, with less to do. */
export class Throttle {
  #share = 1;
  #changedAt = 0;
  #until = 0;

  /** One throttled call; `retryAfterMs` as the upstream asked, if it did. */
  hit(nowMs: number, retryAfterMs: number | undefined): void {
    if (this.#share === 1 || nowMs - this.#changedAt >= oneDecreaseMs) {
      this.#share = Math.max(throttleFloor, this.share(nowMs) * throttleFactor);
      this.#changedAt = nowMs;
    }
    if (retryAfterMs === undefined) return;
    // The later of the two: a short wish must not cut a long one.
    this.#until = Math.max(this.#until, nowMs + Math.min(Math.max(0, retryAfterMs), maxRetryAfterMs));
  }

  /** False when nobody asked to wait: spares reading the clock. */
  get asked(): boolean {
    return this.#until > 0;
  }

  /** Whether the upstream asked to be left alone now. */
  holds(nowMs: number): boolean {
    if (nowMs < this.#until) return true;
    this.#until = 0;
    return false;
  }

  /** How long the upstream asked to be left alone from now on; 0 when it did not. */
  remainingMs(nowMs: number): number {
    return Math.max(0, this.#until - nowMs);
  }

  get shedding(): boolean {
    return this.#share < 1;
  }

  /** Share of ordinary traffic, 0 to 1. */
  share(nowMs: number): number {
    if (this.#share === 1) return 1;
    const share = this.#share + ((nowMs - this.#changedAt) / 1_000) * recoveryPerSecond;
    if (share < 1) return share;
    this.#share = 1;
    return 1;
  }
}
