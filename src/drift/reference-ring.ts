import type { Instance, Records } from './payload.ts';

/** One record as it came, with its prediction if the answer had one for it. */
export interface RecentRecord {
  readonly instance: Instance;
  readonly typed: boolean;
  readonly prediction: number | string | undefined;
}

/** The newest records of a version, of which a new baseline can be made. */
export interface ReferenceRing {
  add(records: Records, predictions: readonly (number | string)[]): void;
  readonly size: number;
  all(): readonly RecentRecord[];
  /** Forgets all of them. */
  clear(): void;
}

/** At most so many records of this replica's; the oldest go first. */
export function referenceRing(capacity: number): ReferenceRing {
  const ring: RecentRecord[] = [];
  let next = 0;
  return {
    add: ({ instances, typed }, predictions) => {
      const paired = predictions.length === instances.length;
      for (let index = 0; index < instances.length; index++) {
        const instance = instances[index] as Instance;
        ring[next] = { instance, typed, prediction: paired ? predictions[index] : undefined };
        next = (next + 1) % capacity;
      }
    },
    get size() {
      return ring.length;
    },
    all: () => ring,
    clear: () => {
      ring.length = 0;
      next = 0;
    },
  };
}
