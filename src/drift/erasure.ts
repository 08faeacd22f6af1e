import { randomUUID } from 'node:crypto';
import { type Clock, sleep } from '../core/clock.ts';
import type { StateStore } from '../state/state.ts';
import { isObject, parse } from './json-values.ts';

/** Whose data goes: all of a tenant, or what belongs to one inference id. */
export type Erased = { readonly tenant: string } | { readonly inferenceId: string };

/** One that was asked for. */
export interface PastErasure {
  readonly erased: Erased;
  /** Wall clock, ms. */
  readonly atMs: number;
}

/** How much was removed. */
export interface ErasedCounts {
  /** Captured records. */
  readonly captured: number;
  /** Answers remembered for ground truth, and the truths joined with them. */
  readonly feedback: number;
  /** Cached answers. */
  readonly cached: number;
}

/** The same over all replicas, as far as they answered. */
export interface ErasureReport extends ErasedCounts {
  readonly replicas: { readonly answered: number; readonly expected: number };
}

/** Removes data on all replicas. */
export interface Erasures {
  /** Rejects when it could not be removed here. Replicas that are away do it when they come back. */
  erase(what: Erased): Promise<ErasureReport>;
  stop(): void;
}

/** What erasing needs of the rest. */
export interface ErasurePorts {
  readonly clock: Clock;
  readonly state: StateStore;
  /** Of this replica: hex digits, the same over a restart. */
  readonly replica: string;
  /** Removes it here. @param first whether this replica was asked first, and so answers for places all of them share */
  remove(what: Erased, first: boolean): Promise<ErasedCounts>;
  /** Replicas alive, this one included. */
  replicas(): number;
  warn(message: string): void;
}

const [asked, done] = ['erasure/', 'erasure-done/'];
/** Replicas look at what others ask for at least every other second. */
const patienceMs = 8_000;
const lookEveryMs = 50;
/** A replica that is away for longer must be looked after by hand. */
const rememberedMs = 30 * 86_400_000;

/** An erasure is a record that replicas share; each writes down that it has done its part. */
export function createErasures(ports: ErasurePorts): Erasures {
  const { clock, state, replica } = ports;
  const doing = new Set<string>();
  const doneKey = (id: string, by: string) => `${done}${id}/${by}`;
  const doOne = async (id: string, text: string) => {
    const what = readErasure(text);
    if (what === undefined || what.by === replica || doing.has(id) || state.get(doneKey(id, replica)) !== undefined)
      return;
    doing.add(id);
    try {
      await state.set(doneKey(id, replica), JSON.stringify(await ports.remove(what.erased, false)));
    } catch (error) {
      ports.warn(`data could not be removed, which will be tried again: ${String(error)}`);
    } finally {
      doing.delete(id);
    }
  };
  const doAll = () => {
    for (const [key, text] of state.list(asked)) void doOne(key.slice(asked.length), text);
  };
  const stops = [
    state.watch((key, value) => {
      if (key.startsWith(asked) && value !== undefined) void doOne(key.slice(asked.length), value);
    }),
    clock.every(60_000, doAll),
  ];
  doAll();
  const forgetOld = async () => {
    for (const [key, text] of state.list(asked)) {
      if ((readErasure(text)?.atMs ?? 0) > clock.wallMs() - rememberedMs) continue;
      const id = key.slice(asked.length);
      for (const each of state.list(`${done}${id}/`).keys()) await state.delete(each);
      await state.delete(key);
    }
  };
  return {
    erase: async what => {
      await forgetOld();
      const own = await ports.remove(what, true);
      const expected = ports.replicas();
      const id = randomUUID();
      await state.set(`${asked}${id}`, JSON.stringify({ ...what, by: replica, atMs: clock.wallMs() }));
      const until = clock.now() + patienceMs;
      const others = () => [...state.list(`${done}${id}/`).values()];
      while (others().length < expected - 1 && clock.now() < until) await sleep(clock, lookEveryMs);
      const counts = [own, ...others().map(readCounts)];
      const sum = (of: (each: ErasedCounts) => number) => counts.reduce((total, each) => total + of(each), 0);
      return {
        captured: sum(each => each.captured),
        feedback: sum(each => each.feedback),
        cached: sum(each => each.cached),
        replicas: { answered: counts.length, expected },
      };
    },
    stop: () => {
      for (const stop of stops) stop();
    },
  };
}

/** All that were asked for on any replica, as far as they are remembered. */
export function pastErasures(state: StateStore): readonly PastErasure[] {
  return [...state.list(asked).values()].flatMap(text => readErasure(text) ?? []);
}

function readErasure(text: string): (PastErasure & { by: string }) | undefined {
  const value = parse(text);
  if (!isObject(value)) return undefined;
  const { tenant, inferenceId, by, atMs } = value;
  if (typeof by !== 'string' || typeof atMs !== 'number') return undefined;
  if (typeof tenant === 'string') return { erased: { tenant }, by, atMs };
  return typeof inferenceId === 'string' ? { erased: { inferenceId }, by, atMs } : undefined;
}

function readCounts(text: string): ErasedCounts {
  const value = parse(text);
  const count = (name: string) => (isObject(value) && typeof value[name] === 'number' ? value[name] : 0);
  return { captured: count('captured'), feedback: count('feedback'), cached: count('cached') };
}
