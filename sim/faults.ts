import type { Clock } from './clock.ts';
import { type FaultKind, type FaultSpec, type Known, parseFault } from './fault-spec.ts';
import { type Random, randomStream } from './random.ts';

export interface Fault extends FaultSpec {
  readonly id: string;
}

/** What tests, drills and the control listener may do. Each call resolves once the change is in force. */
export interface Faults {
  /** Sets a fault and returns its id. Throws FaultSpecError. */
  add(spec: unknown): Promise<string>;
  /** False when there is no such fault. */
  remove(id: string): Promise<boolean>;
  clear(): Promise<void>;
  list(): readonly Fault[];
}

/** What the regions and the resolver ask. */
export interface FaultBoard extends Faults {
  /** A fault of `kind` that hits now; with a `rate`, every call is a throw of the dice. */
  hit(region: string, kind: FaultKind, endpoint?: string): Fault | undefined;
  /** Tells the regions to look again; resolves when all have. */
  onChange(listener: () => Promise<void>): void;
  stop(): void;
}

interface Active {
  readonly fault: Fault;
  readonly dice: Random;
  /** Only flap is ever up while it is set. */
  down: boolean;
  cancelTimers: (() => void)[];
}

const defaultPeriodMs = 60_000;

export function createFaultBoard(known: Known, clock: Clock, seed: number): FaultBoard {
  return new Board(known, clock, seed);
}

class Board implements FaultBoard {
  readonly #known: Known;
  readonly #clock: Clock;
  readonly #seed: number;
  readonly #active = new Map<string, Active>();
  readonly #listeners: (() => Promise<void>)[] = [];
  #created = 0;

  constructor(known: Known, clock: Clock, seed: number) {
    this.#known = known;
    this.#clock = clock;
    this.#seed = seed;
  }

  async add(spec: unknown): Promise<string> {
    this.#created += 1;
    const id = `fault-${this.#created}`;
    const fault = { id, ...parseFault(spec, this.#known) };
    const one: Active = { fault, dice: randomStream(this.#seed, 'fault', id), down: true, cancelTimers: [] };
    this.#active.set(id, one);
    if (fault.kind === 'flap') this.#swing(one, (fault.periodMs ?? defaultPeriodMs) / 2);
    if (fault.durationMs !== undefined) this.#expireAfter(one, fault.durationMs);
    await this.#changed();
    return id;
  }

  async remove(id: string): Promise<boolean> {
    const existed = this.#drop(id);
    await this.#changed();
    return existed;
  }

  async clear(): Promise<void> {
    this.stop();
    await this.#changed();
  }

  list(): readonly Fault[] {
    return [...this.#active.values()].map(one => one.fault);
  }

  hit(region: string, kind: FaultKind, endpoint?: string): Fault | undefined {
    for (const { fault, dice, down } of this.#active.values()) {
      if (fault.region !== region || fault.kind !== kind || !down) continue;
      if (fault.endpoint !== undefined && fault.endpoint !== endpoint) continue;
      if (fault.rate === undefined || dice() < fault.rate) return fault;
    }
    return undefined;
  }

  onChange(listener: () => Promise<void>): void {
    this.#listeners.push(listener);
  }

  stop(): void {
    for (const id of [...this.#active.keys()]) this.#drop(id);
  }

  async #changed(): Promise<void> {
    await Promise.all(this.#listeners.map(listener => listener()));
  }

  #changedByTime(): void {
    this.#changed().catch((error: unknown) => console.error('simulator: a fault could not be applied:', error));
  }

  #drop(id: string): boolean {
    for (const cancel of this.#active.get(id)?.cancelTimers ?? []) cancel();
    return this.#active.delete(id);
  }

  #swing(one: Active, halfPeriodMs: number): void {
    const cancel = this.#clock.after(halfPeriodMs, () => {
      one.cancelTimers = one.cancelTimers.filter(other => other !== cancel);
      one.down = !one.down;
      this.#swing(one, halfPeriodMs);
      this.#changedByTime();
    });
    one.cancelTimers.push(cancel);
  }

  #expireAfter(one: Active, durationMs: number): void {
    const cancel = this.#clock.after(durationMs, () => {
      this.#drop(one.fault.id);
      this.#changedByTime();
    });
    one.cancelTimers.push(cancel);
  }
}
