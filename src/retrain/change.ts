import { type Episode, type EpisodeEvent, isOver, nextState, type TimelineEntry } from './episode.ts';
import type { RetrainPorts } from './ports.ts';

const mostEntries = 200;
const firstKept = 40;

/** Fields a change may set beside the state. */
export type EpisodePatch = Partial<Omit<Episode, 'id' | 'number' | 'model' | 'scope' | 'state' | 'timeline'>>;

/** The episode with one more entry; of a long story the middle is left out. */
export function noted(episode: Episode, entry: TimelineEntry): Episode {
  const all = [...episode.timeline, entry];
  const timeline = all.length <= mostEntries ? all : [...all.slice(0, firstKept), ...all.slice(firstKept + 1)];
  return { ...episode, timeline };
}

/** The episode after an event; undefined when it means nothing in its state. A new state is held by nothing. */
export function applied(
  episode: Episode,
  event: EpisodeEvent,
  { by, detail, atMs }: { readonly by: string; readonly detail: string; readonly atMs: number },
  patch: EpisodePatch = {},
): Episode | undefined {
  const state = nextState(episode.state, event);
  if (state === undefined) return undefined;
  const { held: _, lease: __, approvedBy, ...rest } = episode;
  // Whoever approved did so of more than is left: when it suffices again, they are asked again.
  const approved = approvedBy !== undefined && event !== 'weakened' && { approvedBy };
  const next = { ...rest, ...approved, ...patch, state, changedAtMs: atMs, ...(isOver(state) && { closedAtMs: atMs }) };
  return noted(next, { atMs, by, what: state, detail });
}

/**
 * Applies an event to an episode as it stands, and tells the observers. `patch` may look at it; undefined when it means
 * nothing now. Rejects while replicas cannot agree.
 */
export async function happen(
  ports: Pick<RetrainPorts, 'book' | 'clock' | 'emit'>,
  id: string,
  event: EpisodeEvent,
  { by, detail }: { readonly by: string; readonly detail: string },
  patch: (episode: Episode) => EpisodePatch | undefined = () => ({}),
): Promise<Episode | undefined> {
  let from: Episode | undefined;
  const made = await ports.book.change(id, episode => {
    from = episode;
    const fields = patch(episode);
    return fields && applied(episode, event, { by, detail, atMs: ports.clock.wallMs() }, fields);
  });
  if (made !== undefined) tell(ports, made, from?.state, by, detail);
  return made;
}

/** Tells the observers that an episode is new or has another state. */
export function tell(
  { emit }: Pick<RetrainPorts, 'emit'>,
  episode: Episode,
  from: Episode['state'] | undefined,
  by: string,
  reason: string,
): void {
  const { id, model, scope, state: to, execution, version } = episode;
  emit({
    type: 'episode-changed',
    model,
    id,
    scope,
    from,
    to,
    by,
    reason,
    version,
    execution: execution && { region: execution.region, arn: execution.arn },
  });
}
