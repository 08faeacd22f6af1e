import type { StateStore } from '../state/state.ts';

/** A package that is not to be taken, and since when (wall clock, ms): an approval of before is old news. */
export interface Refusal {
  readonly why: string;
  readonly atMs: number;
}

/** Packages that were rejected in their registry, or whose version an operator took out; shared by all replicas. */
export interface Refusals {
  /** Why the version may not be made by an approval of that time; undefined when it may. */
  of(model: string, version: string, approvedAtMs: number): string | undefined;
  /** Keeps it, unless something later is known. */
  add(model: string, version: string, refusal: Refusal): Promise<void>;
}

const prefix = 'refused-version/';
/** Kept of each model; events are repeated for a day at most. */
const mostKept = 50;

/** In the state that replicas share. */
export function refusalsIn(state: StateStore): Refusals {
  const keyOf = (model: string, version: string) => `${prefix}${model}/${version}`;
  const known = (model: string, version: string) => read(state.get(keyOf(model, version)));
  return {
    of: (model, version, approvedAtMs) => {
      const refusal = known(model, version);
      return refusal !== undefined && approvedAtMs <= refusal.atMs ? refusal.why : undefined;
    },
    add: async (model, version, refusal) => {
      if ((known(model, version)?.atMs ?? Number.NEGATIVE_INFINITY) >= refusal.atMs) return;
      await state.set(keyOf(model, version), JSON.stringify(refusal));
      const all = [...state.list(`${prefix}${model}/`)].map(([key, text]) => ({ key, atMs: read(text)?.atMs ?? 0 }));
      const old = all.sort((a, b) => b.atMs - a.atMs).slice(mostKept);
      for (const { key } of old) await state.delete(key);
    },
  };
}

function read(text: string | undefined): Refusal | undefined {
  if (text === undefined) return undefined;
  try {
    const { why, atMs } = JSON.parse(text) as Partial<Record<string, unknown>>;
    return typeof why === 'string' && typeof atMs === 'number' ? { why, atMs } : undefined;
  } catch {
    return undefined; // as if there were none
  }
}
