import { createHash } from 'node:crypto';
import type { StateStore } from '../state/state.ts';
import { type Episode, isOver } from './episode.ts';
import { decodeEpisode, encodeEpisode } from './record.ts';

/** Where episodes are kept. Of several replicas that change one, one succeeds, and the others look again. */
export interface EpisodeBook {
  /** The newest first. */
  all(): readonly Episode[];
  get(id: string): Episode | undefined;
  /** The one under way of a model and scope. */
  open(model: string, scope: string): Episode | undefined;
  /** The newest of a model and scope, whether it is over or not. */
  last(model: string, scope: string): Episode | undefined;
  /**
   * Begins the next episode of a model and scope. Resolves to the one that stands, this or another replica's; to
   * undefined when one is under way. Rejects while replicas cannot agree.
   */
  begin(first: Omit<Episode, 'id' | 'number'>): Promise<Episode | undefined>;
  /**
   * Replaces an episode by what `next` makes of it as it stands; undefined makes no change. Asked again when another
   * replica was faster. Resolves to what was made, undefined when nothing was. Rejects while replicas cannot agree.
   */
  change(id: string, next: (episode: Episode) => Episode | undefined): Promise<Episode | undefined>;
  /** Removes the oldest that are over, beyond so many of each model. */
  prune(): Promise<void>;
}

const prefix = 'episode/';
const keptPerScope = 50;
/** Losing this often means that something else is wrong. */
const mostTurns = 20;

/** The number is in the key, so two replicas that begin "the next one" mean the same record, and one of them wins. */
function keyOf({ model, scope, number }: Pick<Episode, 'model' | 'scope' | 'number'>): string {
  return `${prefix}${model}/${scope}/${String(number).padStart(8, '0')}`;
}

/** Twelve hex digits. Of model, scope, baseline, opening window and number: replicas that see the same agree on it. */
function idOf(first: Omit<Episode, 'id' | 'number'>, number: number): string {
  const opening = Math.max(...first.evidence.map(({ atMs }) => atMs), 0);
  const text = [first.model, first.scope, first.baseline, opening, number].join('|');
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

/** Decodes a text once: episodes are looked at far more often than they change. */
function decoder(): (key: string, text: string) => Episode | undefined {
  const known = new Map<string, { readonly text: string; readonly episode: Episode | undefined }>();
  return (key, text) => {
    const last = known.get(key);
    if (last?.text === text) return last.episode;
    const episode = decodeEpisode(text);
    known.set(key, { text, episode });
    return episode;
  };
}

/** The book in the state that replicas share. */
export function openBook(state: StateStore): EpisodeBook {
  const decoded = decoder();
  const all = (under = prefix): Episode[] =>
    [...state.list(under)]
      .map(([key, text]) => decoded(key, text))
      .filter(episode => episode !== undefined)
      .sort((a, b) => b.openedAtMs - a.openedAtMs || b.number - a.number);
  const get = (id: string) => all().find(episode => episode.id === id);
  const ofScope = (model: string, scope: string) =>
    all(`${prefix}${model}/${scope}/`).sort((a, b) => b.number - a.number);
  const last = (model: string, scope: string) => ofScope(model, scope)[0];
  return {
    all,
    get,
    last,
    open: (model, scope) => {
      const newest = last(model, scope);
      return newest === undefined || isOver(newest.state) ? undefined : newest;
    },
    begin: async first => {
      const former = last(first.model, first.scope);
      if (former !== undefined && !isOver(former.state)) return undefined;
      const number = (former?.number ?? 0) + 1;
      const episode: Episode = { ...first, id: idOf(first, number), number };
      if (await state.replace(keyOf(episode), undefined, encodeEpisode(episode))) return episode;
      return last(first.model, first.scope);
    },
    change: async (id, next) => {
      for (let turn = 0; turn < mostTurns; turn += 1) {
        const episode = get(id);
        const made = episode && next(episode);
        if (episode === undefined || made === undefined) return undefined;
        if (await state.replace(keyOf(episode), encodeEpisode(episode), encodeEpisode(made))) return made;
      }
      throw new Error(`episode ${id} is changed by others all the time`);
    },
    prune: async () => {
      const scopes = new Set(all().map(({ model, scope }) => `${model}/${scope}`));
      for (const each of scopes) {
        const [model = '', scope = ''] = each.split('/');
        const beyond = ofScope(model, scope)
          .slice(keptPerScope)
          .filter(({ state: at }) => isOver(at));
        for (const episode of beyond) await state.delete(keyOf(episode));
      }
    },
  };
}
