import type { Clock } from '../core/clock.ts';

/** After a call that got no answer; then one call finds out whether that is over. */
const spareMs = 5_000;

/** A call that was not made, because the one before it got no answer. */
export class NotAskedError extends Error {
  readonly code = 'NOT_ASKED';

  constructor(place: string) {
    super(`${place} did not answer a moment ago, and is not asked again yet`);
    this.name = 'NotAskedError';
  }
}

/** Makes calls to one place, but does not let all of them wait for one that fell silent. */
export interface Patience {
  /** Rejects with `NotAskedError` while the place is silent; else does as the call does. */
  run<T>(call: () => Promise<T>): Promise<T>;
}

/**
 * Silence is dear: a call waits for it through the SDK's time limit and all of its tries. Work that waits in line behind
 * such calls would stand still with the region, whichever region it is about. What answers, also with an error, is not
 * silent, and a refused connection costs nothing.
 * @param place how the error calls it
 */
export function createPatience(clock: Clock, place: string): Patience {
  let isSilent = false;
  let askAgainAt = 0;
  let isAsking = false;
  const isSilence = (error: unknown): boolean => error instanceof Error && error.name === 'TimeoutError';
  return {
    run: async call => {
      if (isSilent && (isAsking || clock.now() < askAgainAt)) throw new NotAskedError(place);
      const asks = isSilent;
      if (asks) isAsking = true;
      try {
        const answer = await call();
        isSilent = false;
        return answer;
      } catch (error) {
        isSilent = isSilence(error);
        if (isSilent) askAgainAt = clock.now() + spareMs;
        throw error;
      } finally {
        if (asks) isAsking = false;
      }
    },
  };
}
