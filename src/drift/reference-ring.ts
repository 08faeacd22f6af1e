import type { Instance, Records } from './payload.ts';

/** One record as it came, with its prediction if the answer had one for it. */
export interface RecentRecord {
  readonly instance: Instance;
  readonly typed: boolean;
  readonly prediction: number | string | undefined;
}

/** The newest records of a version, of which a new baseline can be made. */
export interface ReferenceRing {
  /** Takes one record of a call. @param atMs monotonic */
  add(records: Records, predictions: readonly (number | string)[], atMs: number): void;
  readonly size: number;
  readonly full: boolean;
  all(): readonly RecentRecord[];
  /** Forgets all of them. */
  clear(): void;
}

/** A full ring takes one record in so many ms, so that it holds minutes of busy traffic and not its last instant. */
const pauseMs = 50;

/** Records are kept by their number: one with more text than this is not among them. */
const mostCharacters = 16_384;

function charactersIn(instance: Instance): number {
  let sum = 0;
  for (const [name, value] of instance) sum += name.length + (typeof value === 'string' ? value.length : 0);
  return sum;
}

/** At most so many records of this replica's; the oldest go first. */
export function referenceRing(capacity: number): ReferenceRing {
  const ring: RecentRecord[] = [];
  let next = 0;
  let openAt = 0;
  return {
    add: ({ instances, typed }, predictions, atMs) => {
      if (ring.length === capacity && atMs < openAt) return;
      const index = next % instances.length; // not always the first of a call
      const instance = instances[index];
      if (instance === undefined || charactersIn(instance) > mostCharacters) return;
      const prediction = predictions.length === instances.length ? predictions[index] : undefined;
      ring[next] = { instance, typed, prediction };
      next = (next + 1) % capacity;
      openAt = atMs + pauseMs;
    },
    get size() {
      return ring.length;
    },
    get full() {
      return ring.length === capacity;
    },
    all: () => ring,
    clear: () => {
      ring.length = 0;
      next = 0;
    },
  };
}
