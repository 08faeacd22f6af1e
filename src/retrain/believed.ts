import { type Episode, type EpisodeState, isOver } from './episode.ts';
import type { Evidence } from './evidence.ts';
import type { RetrainPorts } from './ports.ts';

/** Nothing was started for it yet. */
const waiting: ReadonlySet<EpisodeState> = new Set(['suspected', 'confirmed', 'awaiting-approval', 'rehearsed']);

/** What tells whether evidence can still be taken back by whoever told of it. */
type Witness = Pick<RetrainPorts, 'carries' | 'judges' | 'options'>;

/** Before evidence is set aside, ms: a replica that has just started, or was reloaded first, may be the one that knows too little. */
const doubtMs = 60_000;

/** Evidence as it may be believed. */
export interface Beliefs {
  /** An episode without what nobody can take back any more; undefined while that is in doubt, and nothing is to be done. */
  of(episode: Episode): Episode | undefined;
}

/** Watches what evidence is of come and go. */
export function createBeliefs(ports: Witness & Pick<RetrainPorts, 'book' | 'clock'>): Beliefs {
  const { book, clock } = ports;
  const doubtedSince = new Map<string, number>();
  return {
    of: episode => {
      const view = believed(ports, episode);
      if (view === episode) {
        doubtedSince.delete(episode.id);
        return episode;
      }
      const since = doubtedSince.get(episode.id) ?? clock.now();
      if (!doubtedSince.has(episode.id))
        for (const id of doubtedSince.keys()) if (isOver(book.get(id)?.state ?? 'cleared')) doubtedSince.delete(id);
      doubtedSince.set(episode.id, since);
      return clock.now() - since < doubtMs ? undefined : view;
    },
  };
}

/**
 * An episode that waits, with what nobody can take back any more set aside; the same one where there is none. A version
 * that was replaced, as by another scope's episode, has no more windows that could be clear, nor has a scope or a feature
 * that a reload took away: their drift would stand for ever, and retrain for a past that is over.
 */
function believed(ports: Witness, episode: Episode): Episode {
  const { model, scope, state, evidence } = episode;
  const stands = (each: Evidence) => !each.active || mayEnd(ports, model, scope, each);
  if (!waiting.has(state) || evidence.every(stands)) return episode;
  return { ...episode, evidence: evidence.map(each => (stands(each) ? each : { ...each, active: false })) };
}

function mayEnd({ carries, judges, options }: Witness, model: string, scope: string, each: Evidence): boolean {
  if (each.version !== undefined && !carries(model, each.version)) return false;
  if (each.source === 'alertmanager') return true; // it ends with the series it looks at
  return options(model)?.evaluator === true && judges(model, scope, each);
}
