import type { BreakerState } from '../core/events.ts';
import type { Priority } from '../core/priority.ts';
import type { AttemptResult } from '../core/result.ts';
import type { Target } from '../core/target.ts';
import { Allowance } from './allowance.ts';
import { answers } from './answers.ts';
import type { Availability, PermitReason, TargetHealth } from './health.ts';
import { Illness } from './illness.ts';
import { type Lender, SlotPermit } from './permit.ts';
import { Reservation } from './reservation.ts';
import type { Throttle } from './throttling.ts';
import type { Patient, Ward } from './ward.ts';

/** One target: its slots, what operators did to it, its load and its illness, made into one answer. */
export class TargetRecord implements Lender, Patient {
  target: Target;
  /** By an operator: the target itself or its region. */
  drained = false;
  inFlight = 0;
  lastUsedAt = Number.NEGATIVE_INFINITY;
  readonly illness: Illness;
  readonly #ward: Ward;
  readonly #slotFreed: (record: TargetRecord) => void;
  readonly #throttle: Throttle;
  readonly #reservation: Reservation;
  readonly #failOpen: Allowance;

  constructor(target: Target, ward: Ward, slotFreed: (record: TargetRecord) => void) {
    this.target = target;
    this.#ward = ward;
    this.#slotFreed = slotFreed;
    this.#throttle = ward.throttle(target.quotaGroup);
    this.illness = new Illness(this, ward);
    this.#reservation = new Reservation(ward.clock);
    this.#failOpen = new Allowance(ward.clock, () => ward.options().failOpenPerSecond / ward.replicas());
  }

  get state(): BreakerState {
    return this.illness.state;
  }

  get evacuated(): boolean {
    return this.illness.evacuated;
  }

  /** Out because it fails; a missing permission or endpoint is not its region's illness. */
  get ill(): boolean {
    return this.state !== 'closed' && this.illness.ejections.reason !== 'misconfigured';
  }

  /** This replica's share of what the fleet may have in flight there. */
  get slots(): number {
    return Math.max(1, Math.floor(this.target.maxConcurrency / this.#ward.replicas()));
  }

  get full(): boolean {
    return this.inFlight >= this.slots;
  }

  /** No slot for a call of this priority: none is free, or what is free is kept for more important ones. */
  lacksSlot(priority: Priority): boolean {
    const free = this.slots - this.inFlight;
    return free <= 0 || this.#reservation.withholds(free, priority);
  }

  /** A call of this priority is about to wait, or to be turned away. */
  wanted(priority: Priority): void {
    this.#reservation.wanted(priority);
  }

  availability(priority: Priority = 'normal'): Availability {
    if (this.drained) return answers.drained;
    const { serving } = this.illness;
    if (!serving && this.state === 'open') return answers.ejected;
    if (serving && !this.#throttle.asked) return this.#slotAnswer(priority, answers.usable);
    const now = this.#ward.clock.now();
    if (this.#throttle.holds(now)) return answers.throttled;
    if (!serving && !this.illness.admitsTrial(now)) return this.evacuated ? answers.evacuated : answers.ejected;
    return this.#slotAnswer(priority, serving ? answers.usable : answers.trial);
  }

  /** A slot for one call, or undefined when this kind of call may not go there now. */
  acquire(reason: PermitReason, priority: Priority = 'normal'): SlotPermit | undefined {
    const now = this.#ward.clock.now();
    if (this.drained || this.lacksSlot(priority) || this.#throttle.holds(now)) return undefined;
    const { serving } = this.illness;
    if (!serving && !this.#admitsIll(reason, now)) return undefined;
    const permit = new SlotPermit(this, reason, this.illness.epoch, priority);
    if (!serving && reason !== 'fail-open') this.illness.beginTrial(permit, now);
    this.inFlight += 1;
    this.#reservation.began(priority);
    this.lastUsedAt = now;
    return permit;
  }

  /** Whether it may be tried although ill. Never when drained, full or asked to be left alone. */
  mayFailOpen(): boolean {
    if (this.drained || this.full || this.#throttle.holds(this.#ward.clock.now())) return false;
    return this.illness.serving || this.#failOpen.take();
  }

  giveBack(permit: SlotPermit): void {
    this.inFlight -= 1;
    this.#reservation.ended(permit.priority);
    this.illness.endTrial(permit);
    this.#slotFreed(this);
  }

  judge(permit: SlotPermit, result: AttemptResult): void {
    const now = this.#ward.clock.now();
    if (result.outcome === 'throttled') this.#throttle.hit(now, result.error?.retryAfterMs);
    this.illness.judge(permit, result, now);
  }

  /** Share of ordinary traffic it should get now, 0 to 1. */
  share(): number {
    if (!this.illness.ramping && !this.#throttle.shedding) return 1;
    const now = this.#ward.clock.now();
    return this.illness.rampShare(now) * this.#throttle.share(now);
  }

  describe(): TargetHealth {
    const now = this.#ward.clock.now();
    const { ejections } = this.illness;
    return {
      breaker: this.state,
      availability: this.availability(),
      inFlight: this.inFlight,
      slots: this.slots,
      ejections: ejections.standing(now, this.#ward.options()),
      reason: ejections.reason,
      detail: ejections.detail,
      ejectedForMs: ejections.remainingMs(now),
      throttledForMs: this.#throttle.remainingMs(now),
      share: this.share(),
    };
  }

  #slotAnswer(priority: Priority, otherwise: Availability): Availability {
    const free = this.slots - this.inFlight;
    if (free <= 0) return answers.full;
    return this.#reservation.withholds(free, priority) ? answers.reserved : otherwise;
  }

  #admitsIll(reason: PermitReason, now: number): boolean {
    if (reason === 'trial') return this.illness.admitsTrial(now);
    if (reason === 'probe') return this.illness.admitsProbe(now);
    return reason === 'fail-open';
  }
}
