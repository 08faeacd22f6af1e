import { GatewayError } from '../core/errors.ts';
import { openBook } from '../retrain/book.ts';
import { type Episode, isOver } from '../retrain/episode.ts';
import { type Episodes, startEpisodes } from '../retrain/episodes.ts';
import type { CanaryView, RetrainPorts } from '../retrain/ports.ts';
import { retrainBudget } from '../retrain/retrain-budget.ts';
import { showBriefly, showEpisode } from '../retrain/show-episode.ts';
import type { ApproveBody, DismissBody, EpisodePorts, EpisodesQuery, TriggerBody } from '../routes/admin/episodes.ts';
import type { HookPorts } from '../routes/admin/hooks.ts';
import { hookCaller } from '../security/hook-access.ts';
import type { Auditor } from './auditor.ts';
import { type AwsEventPorts, takeAwsEvent } from './aws-events.ts';
import { namedModel } from './named-model.ts';
import { auditedOwn } from './owned.ts';
import type { Parts } from './parts.ts';
import { replicaId } from './replica-id.ts';
import { togetherState } from './together.ts';

/** What other parts tell episodes. */
export interface EpisodeSources {
  /** A model's newest canary. */
  canary(model: string): CanaryView | undefined;
  /** Version in charge; undefined leaves it to the weights. */
  stable(model: string): string | undefined;
  /** Whether callers' calls go to a version. */
  carries(model: string, version: string): boolean;
  /** What tells the baselines of a model and scope apart. */
  baseline(model: string, scope: string): string | undefined;
  /** Where captured data and feedback of a scope are, by word of `parameters`. */
  references(model: string, scope: string): Readonly<Record<string, string>>;
  /** As `RetrainPorts.judges`. */
  judges: RetrainPorts['judges'];
  warn(message: string): void;
}

/** Episodes over the gateway's parts. @param together see `Together` */
export function createEpisodes(parts: Parts, sources: EpisodeSources, together: () => boolean): Episodes {
  const { clock, emit, backends, health, stores } = parts;
  const model = (name: string) => parts.config().models.get(name);
  const state = togetherState(stores, together);
  const book = openBook(state);
  return startEpisodes({
    clock,
    emit,
    controlPlane: backends.controlPlane,
    poster: backends.poster,
    book,
    budget: retrainBudget(
      state,
      () => clock.wallMs(),
      id => book.get(id)?.state,
    ),
    state,
    replica: replicaId(parts.config().config.stateDir),
    models: () =>
      Object.entries(parts.config().config.models).flatMap(([name, { retrain }]) =>
        retrain === undefined ? [] : [[name, retrain] as const],
      ),
    options: name => parts.config().config.models[name]?.retrain,
    stable: name => sources.stable(name) ?? heaviest(model(name)?.versions ?? []),
    carries: sources.carries,
    baseline: sources.baseline,
    references: sources.references,
    judges: sources.judges,
    regionsOf: name => [
      ...new Set((model(name)?.versions ?? []).flatMap(({ targets }) => targets.map(at => at.region))),
    ],
    residenciesOf: name => [
      ...new Set((model(name)?.versions ?? []).flatMap(({ targets }) => targets.map(at => at.residency))),
    ],
    regionState: region => health.regions().get(region) ?? 'serving',
    canary: sources.canary,
    warn: sources.warn,
  });
}

/** The version most calls go to. */
function heaviest(versions: readonly { readonly name: string; readonly weight: number }[]): string | undefined {
  return [...versions].sort((a, b) => b.weight - a.weight)[0]?.name;
}

/** What operators see and do, each act written down. */
export function episodeActs(parts: Parts, episodes: Episodes, audit: Auditor): EpisodePorts {
  const named = (id: string): Episode => {
    const episode = episodes.get(id);
    if (episode !== undefined) return episode;
    throw new GatewayError('not-found', `No episode ${id}: see /admin/episodes.`);
  };
  const modelOf = ({ id }: { readonly id: string }) => {
    const { model: name } = named(id);
    return parts.config().models.get(name) ?? { name };
  };
  return {
    episodes: ({ model, open }: EpisodesQuery) => ({
      episodes: episodes
        .list()
        .filter(each => (model === undefined || each.model === model) && (open !== 'true' || !isOver(each.state)))
        .map(showBriefly),
    }),
    episode: id => showEpisode(named(id)),
    approveEpisode: auditedOwn<ApproveBody>(audit, 'episodes approve', modelOf, async ({ id }, actor) =>
      showEpisode(await episodes.approve(id, actor)),
    ),
    dismissEpisode: auditedOwn<DismissBody>(
      audit,
      'episodes dismiss',
      modelOf,
      async ({ id, reason = 'dismissed' }, actor) => showEpisode(await episodes.dismiss(id, actor, reason)),
    ),
    triggerEpisode: auditedOwn<TriggerBody>(
      audit,
      'episodes trigger',
      ({ model }) => namedModel(parts, model),
      async ({ model, scope = 'all', reason }, actor) =>
        showEpisode(await episodes.trigger({ model: namedModel(parts, model).name, scope }, actor, reason)),
    ),
  };
}

/** What hooks are given. */
export function hookPorts(
  parts: Parts,
  events: AwsEventPorts & { readonly episodes: Episodes },
  { refused }: Auditor,
): HookPorts {
  const { episodes } = events;
  const kept = async (hook: string, tokenId: string, take: () => Promise<unknown>) => {
    try {
      return await take();
    } catch (error) {
      refused(tokenId, `hook ${hook}`, error);
      // The next time it would be refused as well; or it says itself that it is to be posted again.
      if (error instanceof GatewayError && (error.code === 'not-allowed' || error.code === 'upstream-failed'))
        throw error;
      const told = new GatewayError('internal', 'It could not be written down: post it again.', { status: 503 });
      throw Object.assign(told, { cause: error }); // for the log
    }
  };
  return {
    hookCaller: authorization => {
      try {
        return hookCaller(parts.config().config.hooks.tokens, authorization);
      } catch (error) {
        if (authorization !== undefined) refused('unknown', 'hook', error); // else it is asked for its token first
        throw error;
      }
    },
    alert: (body, tokenId) => kept('alertmanager', tokenId, () => episodes.alert(body, tokenId)),
    awsEvent: (body, tokenId) => kept('eventbridge', tokenId, () => takeAwsEvent(events, body, tokenId)),
  };
}
