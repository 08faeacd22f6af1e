import type { Episode } from './episode.ts';

/** What is asked of those who train: names, statistics and places. No record of any caller's is in it. */
export interface RetrainRequest {
  readonly episode: string;
  readonly model: string;
  readonly version: string | null;
  readonly scope: string;
  readonly baseline: string;
  readonly openedAt: string;
  readonly evidence: readonly {
    readonly monitor: string;
    readonly feature: string | null;
    readonly statistic: string | null;
    readonly value: number | null;
    readonly sample: number | null;
  }[];
  /** Places of captured data and feedback, by name. */
  readonly references: Readonly<Record<string, string>>;
}

/** An episode as those who train are told of it. */
export function requestOf(episode: Episode, references: Readonly<Record<string, string>>): RetrainRequest {
  const { id, model, version = null, scope, baseline, openedAtMs, evidence } = episode;
  const standing = evidence.filter(({ active }) => active);
  return {
    episode: id,
    model,
    version,
    scope,
    baseline,
    openedAt: new Date(openedAtMs).toISOString(),
    evidence: standing.map(({ monitor, feature = null, statistic = null, value = null, sample = null }) => ({
      ...{ monitor, feature, statistic, value, sample },
    })),
    references,
  };
}

const longestValue = 1_024;

/** Parameters with `{word}` filled in; a word that is not known stays as it is written. */
export function filledIn(
  parameters: Readonly<Record<string, string>>,
  { episode, model, version, scope, baseline, references }: RetrainRequest,
): Readonly<Record<string, string>> {
  const words = new Map(Object.entries({ ...references, episode, model, version: version ?? '', scope, baseline }));
  const filled = (text: string) =>
    text.replace(/\{([a-zA-Z][a-zA-Z0-9-]*)\}/g, (whole, word: string) => words.get(word) ?? whole);
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [name, filled(value).slice(0, longestValue)]),
  );
}
