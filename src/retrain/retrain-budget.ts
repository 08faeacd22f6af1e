import type { StateStore } from '../state/state.ts';
import type { EpisodeState } from './episode.ts';
import type { RetrainOptions } from './options.ts';
import { clockSlackMs } from './set-back.ts';

/** How often models may be retrained, by all replicas together. */
export interface RetrainBudget {
  /** Why a model may not be retrained now for an episode; undefined when it may. Only looks. */
  refusal(model: string, episode: string, options: Limits): string | undefined;
  /**
   * Takes one retraining for an episode, while none of the model's others is under way; again without a new one for the same episode, as after a restart. Resolves to
   * why not, or undefined. Rejects while replicas cannot agree.
   */
  claim(model: string, episode: string, options: Limits): Promise<string | undefined>;
  /** Gives back what an episode took, because nothing was started. Rejects while replicas cannot agree. */
  release(model: string, episode: string): Promise<void>;
  /** Whether retrainings are written down that are still to come: the clock was ahead, and they would count for too long. */
  isAhead(model: string): boolean;
  /** Writes them down as of now. Rejects while replicas cannot agree. */
  setBack(model: string): Promise<void>;
  /** Retrainings left this week. */
  left(model: string, options: Pick<RetrainOptions, 'maxPerWeek'>): number;
}

type Limits = Pick<RetrainOptions, 'cooldownHours' | 'maxPerWeek'>;

interface Retraining {
  readonly episode: string;
  readonly atMs: number;
}

/** Of an episode whose training has begun, and whose canary is not over. */
const underWay: ReadonlySet<EpisodeState> = new Set(['retraining', 'retrained', 'canarying']);

const prefix = 'retrainings/';
const hourMs = 3_600_000;
const weekMs = 7 * 24 * hourMs;

/** Who claimed a retraining starts it within this time, or does not, ms. */
const startsWithinMs = 60_000;

/** The budget in the state that replicas share. @param stateOf of an episode, by id */
export function retrainBudget(
  state: StateStore,
  wallMs: () => number,
  stateOf: (episode: string) => EpisodeState | undefined,
): RetrainBudget {
  const read = (text: string | undefined): readonly Retraining[] => (text === undefined ? [] : JSON.parse(text));
  const of = (model: string) => read(state.get(prefix + model));
  const thisWeek = (past: readonly Retraining[]) => past.filter(({ atMs }) => atMs > wallMs() - weekMs);
  // Scopes have episodes of their own, and the model one pipeline at a time: the others wait, whatever the cool-down is.
  const busy = (past: readonly Retraining[], own: string): string | undefined => {
    const other = past.find(({ episode, atMs }) => {
      const at = episode === own ? undefined : stateOf(episode);
      return at === 'confirmed' ? atMs > wallMs() - startsWithinMs : at !== undefined && underWay.has(at);
    });
    return other && `episode ${other.episode} of the model is under way`;
  };
  const refusal = (past: readonly Retraining[], { cooldownHours, maxPerWeek }: Limits): string | undefined => {
    const used = thisWeek(past).length;
    if (used >= maxPerWeek) return `the budget of ${maxPerWeek} retrainings a week is spent`;
    const last = Math.max(...past.map(({ atMs }) => atMs), Number.NEGATIVE_INFINITY);
    const until = last + cooldownHours * hourMs;
    return wallMs() < until ? `cooling down until ${new Date(until).toISOString()}` : undefined;
  };
  const claim: RetrainBudget['claim'] = async (model, episode, limits) => {
    const text = state.get(prefix + model);
    const past = read(text);
    const other = busy(past, episode);
    if (other !== undefined) return other;
    if (past.some(each => each.episode === episode)) return undefined;
    const why = refusal(past, limits);
    if (why !== undefined) return why;
    const longAgoMs = wallMs() - Math.max(weekMs, limits.cooldownHours * hourMs);
    const kept = past.filter(({ atMs }) => atMs > longAgoMs);
    const next = JSON.stringify([...kept, { episode, atMs: wallMs() }]);
    return (await state.replace(prefix + model, text, next)) ? undefined : claim(model, episode, limits);
  };
  const release: RetrainBudget['release'] = async (model, episode) => {
    const text = state.get(prefix + model);
    const past = read(text);
    if (text === undefined || !past.some(each => each.episode === episode)) return;
    const next = JSON.stringify(past.filter(each => each.episode !== episode));
    if (!(await state.replace(prefix + model, text, next))) await release(model, episode);
  };
  const ahead = ({ atMs }: Retraining) => atMs > wallMs() + clockSlackMs;
  const setBack: RetrainBudget['setBack'] = async model => {
    const text = state.get(prefix + model);
    if (text === undefined || !read(text).some(ahead)) return;
    const next = JSON.stringify(read(text).map(each => (ahead(each) ? { ...each, atMs: wallMs() } : each)));
    if (!(await state.replace(prefix + model, text, next))) await setBack(model);
  };
  return {
    isAhead: model => of(model).some(ahead),
    setBack,
    release,
    refusal: (model, episode, limits) => {
      const past = of(model);
      // What it took itself, before the process died that was about to start it, does not stand in its way.
      return busy(past, episode) ?? (past.some(each => each.episode === episode) ? undefined : refusal(past, limits));
    },
    claim,
    left: (model, { maxPerWeek }) => Math.max(0, maxPerWeek - thisWeek(of(model)).length),
  };
}
