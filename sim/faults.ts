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
  const active = new Map<string, Active>();
  const listeners: (() => Promise<void>)[] = [];
  let created = 0;

  const changed = async () => {
    await Promise.all(listeners.map(listener => listener()));
  };
  const changedByTime = () => {
    changed().catch((error: unknown) => console.error('simulator: a fault could not be applied:', error));
  };
  const drop = (id: string): boolean => {
    for (const cancel of active.get(id)?.cancelTimers ?? []) cancel();
    return active.delete(id);
  };
  const swing = (one: Active, halfPeriodMs: number): void => {
    const cancel = clock.after(halfPeriodMs, () => {
      one.cancelTimers = one.cancelTimers.filter(other => other !== cancel);
      one.down = !one.down;
      swing(one, halfPeriodMs);
      changedByTime();
    });
    one.cancelTimers.push(cancel);
  };
  const expireAfter = (one: Active, durationMs: number): void => {
    const cancel = clock.after(durationMs, () => {
      drop(one.fault.id);
      changedByTime();
    });
    one.cancelTimers.push(cancel);
  };

  return {
    add: async spec => {
      const id = `fault-${++created}`;
      const fault = { id, ...parseFault(spec, known) };
      const one: Active = { fault, dice: randomStream(seed, 'fault', id), down: true, cancelTimers: [] };
      active.set(id, one);
      if (fault.kind === 'flap') swing(one, (fault.periodMs ?? defaultPeriodMs) / 2);
      if (fault.durationMs !== undefined) expireAfter(one, fault.durationMs);
      await changed();
      return id;
    },
    remove: async id => {
      const existed = drop(id);
      await changed();
      return existed;
    },
    clear: async () => {
      for (const id of [...active.keys()]) drop(id);
      await changed();
    },
    list: () => [...active.values()].map(one => one.fault),
    hit: (region, kind, endpoint) => {
      for (const { fault, dice, down } of active.values()) {
        if (fault.region !== region || fault.kind !== kind || !down) continue;
        if (fault.endpoint !== undefined && fault.endpoint !== endpoint) continue;
        if (fault.rate === undefined || dice() < fault.rate) return fault;
      }
      return undefined;
    },
    onChange: listener => listeners.push(listener),
    stop: () => {
      for (const id of [...active.keys()]) drop(id);
    },
  };
}
