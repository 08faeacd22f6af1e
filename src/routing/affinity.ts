import type { Clock } from '../core/clock.ts';
import type { Model } from '../core/model.ts';
import { kindTraits, type Target } from '../core/target.ts';
import type { Candidate, RoutedRequest } from './router.ts';

/** Bedrock keeps a cached prompt this long after its last use (Bedrock user guide, "Prompt caching"). */
const keptMs = 300_000;
/** Sessions remembered at most; past it the one that was answered longest ago goes. */
const maxSessions = 10_000;

/**
 * Where each session was answered last, for targets that keep prompt caches: reading one costs a tenth of the prompt and
 * a fraction of its time, and only the region that wrote it has it.
 */
export interface Affinity {
  /** Place of the candidate that answered the session last; 0 when there is none, or it should get less traffic now. */
  place(model: Model, candidates: readonly Candidate[], request: RoutedRequest): number;
  /** Notes who answered a call. */
  answered(target: Target, request: Pick<RoutedRequest, 'hints' | 'caller'>): void;
}

/** No session known at first. */
export function createAffinity(clock: Clock): Affinity {
  const sessions = new Map<string, { readonly target: string; readonly at: number }>();
  return {
    place: (model, candidates, request) => {
      const { session } = request.hints;
      if (session === undefined) return 0;
      const last = sessions.get(keyOf(model.name, session, request));
      if (last === undefined || clock.now() - last.at > keptMs) return 0;
      const place = candidates.findIndex(({ target }) => target.id === last.target);
      return place < 0 || (candidates[place]?.share ?? 0) < 1 ? 0 : place;
    },
    answered: (target, request) => {
      const { session } = request.hints;
      if (session === undefined || !kindTraits[target.kind].cachesPrompts) return;
      const key = keyOf(target.model, session, request);
      sessions.delete(key); // maps keep insertion order: the newest goes last
      sessions.set(key, { target: target.id, at: clock.now() });
      if (sessions.size <= maxSessions) return;
      const [oldest] = sessions.keys();
      if (oldest !== undefined) sessions.delete(oldest);
    },
  };
}

function keyOf(model: string, session: string, { caller }: Pick<RoutedRequest, 'caller'>): string {
  return JSON.stringify([caller.tenant, model, session]);
}
