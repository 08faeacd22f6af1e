import type { Episode, EpisodeState } from './episode.ts';
import type { Evidence } from './evidence.ts';
import type { RetrainPorts } from './ports.ts';

/** Nothing was started for it yet. */
const waiting: ReadonlySet<EpisodeState> = new Set(['suspected', 'confirmed', 'awaiting-approval', 'rehearsed']);

/** What tells whether evidence can still be taken back by whoever told of it. */
type Witness = Pick<RetrainPorts, 'carries' | 'judges' | 'options'>;

/**
 * An episode that waits, with what nobody can take back any more set aside; the same one where there is none. A version
 * that was replaced, as by another scope's episode, has no more windows that could be clear, nor has a scope or a feature
 * that a reload took away: their drift would stand for ever, and retrain for a past that is over.
 */
export function believed(ports: Witness, episode: Episode): Episode {
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
