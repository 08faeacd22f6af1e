/** A returned target starts with this share (Envoy `slow_start_config.min_weight_percent`). */
const slowStartFloor = 0.1;

/** Share of ordinary traffic `sinceMs` after a return: a straight line from a tenth to all of it. */
export function slowStartShare(sinceMs: number, slowStartMs: number): number {
  if (sinceMs >= slowStartMs) return 1;
  return slowStartFloor + (1 - slowStartFloor) * (sinceMs / slowStartMs);
}

/** One target's return after any kind of absence. */
export class SlowStart {
  #from: number | undefined;

  get underWay(): boolean {
    return this.#from !== undefined;
  }

  begin(nowMs: number): void {
    this.#from = nowMs;
  }

  end(): void {
    this.#from = undefined;
  }

  /** Share of ordinary traffic now; over once it is all of it. */
  share(nowMs: number, slowStartMs: number): number {
    if (this.#from === undefined) return 1;
    const share = slowStartShare(nowMs - this.#from, slowStartMs);
    if (share >= 1) this.#from = undefined;
    return share;
  }
}
