/** Lets only so many through at once; the others wait, first come first served. */
export interface Gate {
  /** Does as the work does, when it is its turn. */
  through<T>(work: () => Promise<T>): Promise<T>;
}

/** @param atOnce how many */
export function createGate(atOnce: number): Gate {
  let free = atOnce;
  const waiting: (() => void)[] = [];
  return {
    through: async work => {
      if (free > 0) free -= 1;
      else await new Promise<void>(resolve => void waiting.push(resolve)); // whoever leaves hands its place over
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next === undefined) free += 1;
        else next();
      }
    },
  };
}
