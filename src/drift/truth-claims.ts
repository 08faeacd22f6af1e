import { randomUUID } from 'node:crypto';
import type { SharedEntries } from '../state/state.ts';

/** Of replicas that are told a truth of the same answer, one joins it. */
export interface TruthClaims {
  /**
   * Claims an answer for its truth; resolves to the truth another replica had joined before, or to undefined. Without
   * Redis, or while it is away, this replica's word stands.
   * @param place where replicas find the answer
   */
  claim(place: string, truth: string, ttlMs: number): Promise<string | undefined>;
  /** An answer is deleted: nothing is told of it any more. */
  forget(place: string): void;
  /** Tells the others what was joined while Redis was away: the same truth may come to them later. */
  catchUp(): Promise<void>;
}

/** Where the truth of an answer stands, beside the answer itself. */
export function truthKey(place: string): string {
  return `${place}:truth`;
}

/** Told to the others later, at most; past it the oldest may be joined twice. */
const mostUntold = 10_000;

/** Claims through Redis; undefined without it. */
export function truthClaims(shared: SharedEntries | undefined): TruthClaims {
  const untold = new Map<string, { readonly own: string; readonly ttlMs: number }>();
  return {
    claim: async (place, truth, ttlMs) => {
      if (shared === undefined) return undefined;
      const own = `${randomUUID()} ${truth}`; // replicas may bring the same truth at once, and one of them joins it
      const standing = await shared.claim(truthKey(place), own, ttlMs).catch(() => {
        untold.set(place, { own, ttlMs });
        const [oldest] = untold.keys();
        if (untold.size > mostUntold && oldest !== undefined) untold.delete(oldest);
        return own;
      });
      return standing === own ? undefined : standing.slice(standing.indexOf(' ') + 1);
    },
    forget: place => void untold.delete(place),
    catchUp: async () => {
      for (const [place, { own, ttlMs }] of untold) {
        const told = await shared?.claim(truthKey(place), own, ttlMs).catch(() => undefined);
        if (told === undefined) return; // it is away still
        untold.delete(place);
      }
    },
  };
}
