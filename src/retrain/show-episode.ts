import { tokenOf } from './actions.ts';
import type { Episode } from './episode.ts';

const iso = (ms: number) => new Date(ms).toISOString();

/** An episode in a list: what it is about and where it stands. */
export function showBriefly(episode: Episode): object {
  const { id, model, scope, state, version, openedBy, openedAtMs, changedAtMs, closedAtMs, held } = episode;
  return {
    ...{ id, model, scope, state, openedBy },
    version: version ?? null,
    openedAt: iso(openedAtMs),
    changedAt: iso(changedAtMs),
    closedAt: closedAtMs === undefined ? null : iso(closedAtMs),
    waitsFor: held?.why ?? null,
    newVersion: episode.result?.version ?? null,
    // What more drifted meanwhile says nothing of where it stands.
    last: episode.timeline.findLast(({ what }) => what !== 'evidence')?.detail ?? null,
  };
}

/** The whole story of an episode, for people and for the console. */
export function showEpisode(episode: Episode): object {
  const { baseline, evidence, actions, execution, result, canary, verdict, quality, timeline, approvedBy } = episode;
  return {
    ...showBriefly(episode),
    baseline,
    approvedBy: approvedBy ?? null,
    evidence: evidence.map(({ atMs, key: _, ...each }) => ({ ...each, at: iso(atMs) })),
    clientRequestToken: tokenOf(episode),
    actions: actions.map(({ dueAtMs: _, regionIndex: __, ...each }) => each),
    pipeline: execution === undefined ? null : { ...execution, dueAtMs: undefined },
    result: result ?? null,
    canary: canary ?? null,
    verdict: verdict ?? null,
    quality,
    timeline: timeline.map(({ atMs, ...entry }) => ({ at: iso(atMs), ...entry })),
  };
}
