import type { Clock } from '../clock.ts';

interface Resident {
  readonly bytes: number;
  /** Monotonic time at which it is loaded. */
  readonly readyAt: number;
  /** Calls that wait for it or run on it. */
  users: number;
}

/** The memory of a multi-model endpoint. */
export interface ModelCache {
  /**
   * Makes `model` resident, unloading idle models, least recently used first, and marks it in use until `release`.
   * `loadMs` is asked only when a load starts. Undefined when models in use leave no room.
   */
  acquire(
    model: string,
    bytes: number,
    loadMs: () => number,
  ): { readonly readyInMs: number; release(): void } | undefined;
  has(model: string): boolean;
  /** Loaded models, least recently used first, and how often models were loaded and unloaded. */
  state(): { readonly loaded: readonly string[]; readonly loads: number; readonly unloads: number };
}

export function createModelCache(memoryBytes: number, clock: Clock): ModelCache {
  // A Map keeps insertion order; using a model moves it to the end, so the front is the least recently used.
  const residents = new Map<string, Resident>();
  let usedBytes = 0;
  let loads = 0;
  let unloads = 0;

  const isLoaded = (resident: Resident) => resident.readyAt <= clock.now();
  const makeRoom = (bytes: number): boolean => {
    const idle = [...residents].filter(([, resident]) => isLoaded(resident) && resident.users === 0);
    for (const [model, resident] of idle) {
      if (usedBytes + bytes <= memoryBytes) break;
      residents.delete(model);
      usedBytes -= resident.bytes;
      unloads++;
    }
    return usedBytes + bytes <= memoryBytes;
  };
  const load = (bytes: number, loadMs: number): Resident => {
    usedBytes += bytes;
    loads++;
    return { bytes, readyAt: clock.now() + loadMs, users: 0 };
  };

  return {
    acquire: (model, bytes, loadMs) => {
      const known = residents.get(model);
      if (known === undefined && !makeRoom(bytes)) return undefined;
      const resident = known ?? load(bytes, loadMs());
      residents.delete(model);
      residents.set(model, resident);
      resident.users++;
      return { readyInMs: Math.max(0, resident.readyAt - clock.now()), release: () => void resident.users-- };
    },
    has: model => residents.has(model),
    state: () => ({
      loaded: [...residents].filter(([, one]) => isLoaded(one)).map(([model]) => model),
      loads,
      unloads,
    }),
  };
}
