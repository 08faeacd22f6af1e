import { nothingStarted } from './actions.ts';
import { type EpisodePatch, noted, tell } from './change.ts';
import type { Episode } from './episode.ts';
import { type Evidence, evidenceText, withEvidence } from './evidence.ts';
import type { RetrainPorts } from './ports.ts';

/** Evidence about a model, from whichever side. */
export interface News {
  readonly model: string;
  readonly scope: string;
  readonly evidence: Evidence;
  /** Who tells: `evaluator`, or `alertmanager` and its token's id. */
  readonly by: string;
}

/** What became of news. */
export type Taken = 'opened' | 'added' | 'ignored';

const hourMs = 3_600_000;
/** After an episode whose retraining could not be started the next one tries again, this much later at the soonest. */
const againMs = 900_000;

/** How much of the model's quality is known when an episode opens. */
export type QualityOf = (model: string, version: string | undefined, scope: string) => Readonly<Record<string, number>>;

/**
 * The one door: drift opens an episode, or joins the one under way; its end joins too. What means nothing is ignored:
 * models without `retrain`, versions that nobody calls, repeats, replays of alerts that are over. Rejects while replicas cannot agree.
 */
export async function takeNews(ports: RetrainPorts, quality: QualityOf, news: News): Promise<Taken> {
  const { book } = ports;
  if (ports.options(news.model) === undefined || isOfNobody(ports, news)) return 'ignored';
  const open = book.open(news.model, news.scope);
  if (open !== undefined) return join(ports, open.id, news);
  if (!news.evidence.active || isStale(ports, news)) return 'ignored';
  const first = opening(ports, quality, news);
  const begun = await book.begin(first);
  if (begun === undefined) return takeNews(ports, quality, news); // another replica's is under way
  if (begun.openedBy === first.openedBy && begun.openedAtMs === first.openedAtMs) {
    tell(ports, begun, undefined, news.by, evidenceText(news.evidence));
    return 'opened';
  }
  return join(ports, begun.id, news);
}

/** Whether a model can have episodes of a scope. */
export function isScope(
  ports: Pick<RetrainPorts, 'residenciesOf'>,
  { model, scope }: Pick<News, 'model' | 'scope'>,
): boolean {
  return scope === 'all' || ports.residenciesOf(model).includes(scope);
}

/**
 * Drift of a class the model is not served in; of a version that was replaced, whose alert goes on for hours; of one on
 * trial, which is its canary's business.
 */
function isOfNobody(ports: RetrainPorts, news: News): boolean {
  const {
    model,
    evidence: { version, active },
  } = news;
  if (!active) return false; // what ends may end, also in a scope that a reload took away
  if (!isScope(ports, news)) return true;
  if (version === undefined) return false;
  const canary = ports.canary(model);
  return (canary?.state === 'running' && canary.version === version) || !ports.carries(model, version);
}

async function join({ book, clock }: RetrainPorts, id: string, { evidence, by }: News): Promise<Taken> {
  const made = await book.change(id, episode => {
    if (isOfThePast(episode, evidence) || provesNothing(episode, evidence)) return undefined;
    const next = withEvidence(episode.evidence, evidence);
    if (next === episode.evidence) return undefined;
    const before = episode.evidence.find(({ key }) => key === evidence.key)?.active ?? false;
    const changed = { ...episode, evidence: next };
    if (before === evidence.active) return changed;
    return noted(changed, { atMs: clock.wallMs(), by, what: 'evidence', detail: evidenceText(evidence) });
  });
  return made === undefined ? 'ignored' : 'added';
}

/** Windows of the version that was replaced say nothing of the one that replaced it. */
function isOfThePast({ state, result }: Episode, { source, version }: Evidence): boolean {
  return state === 'recovering' && source === 'evaluator' && version !== result?.version;
}

/** That something is clear which nobody said had drifted matters only when a new version is to be proven. */
function provesNothing({ state, evidence }: Episode, { key, active }: Evidence): boolean {
  return !active && state !== 'recovering' && !evidence.some(known => known.key === key);
}

/** An alert that is over already, or drift right after its episode was put away, or could start nothing. */
function isStale({ book, clock, options }: RetrainPorts, { model, scope, evidence }: News): boolean {
  const past = book.all().filter(episode => episode.model === model && episode.scope === scope);
  const over = past.some(episode => episode.evidence.some(({ key, active }) => key === evidence.key && !active));
  if (evidence.source === 'alertmanager' && over) return true;
  const last = book.last(model, scope);
  const sinceMs = clock.wallMs() - (last?.closedAtMs ?? 0);
  if (last?.state === 'failed' && nothingStarted(last.actions)) return sinceMs < againMs;
  return last?.state === 'dismissed' && sinceMs < (options(model)?.cooldownHours ?? 0) * hourMs;
}

function opening(ports: RetrainPorts, quality: QualityOf, { model, scope, evidence, by }: News) {
  const atMs = ports.clock.wallMs();
  const version = evidence.version ?? ports.stable(model);
  const detail = evidenceText(evidence);
  return {
    ...blank(ports, model, scope),
    version,
    openedBy: by,
    evidence: [evidence],
    quality: { before: quality(model, version, scope), after: {} },
    timeline: [{ atMs, by, what: 'suspected', detail }],
  };
}

/** An episode that has just begun, of which nothing is known. */
export function blank(ports: Pick<RetrainPorts, 'clock' | 'baseline' | 'stable'>, model: string, scope: string) {
  const atMs = ports.clock.wallMs();
  return {
    model,
    scope,
    state: 'suspected',
    baseline: ports.baseline(model, scope) ?? 'none',
    version: ports.stable(model),
    openedBy: 'gateway',
    openedAtMs: atMs,
    changedAtMs: atMs,
    forced: false,
    evidence: [],
    actions: [],
    quality: { before: {}, after: {} },
    timeline: [],
  } satisfies Omit<Episode, 'id' | 'number'>;
}

/** Keeps what ground truth says of the old version before, and of the new one after. */
export function withQuality(episode: Episode, version: string, name: string, value: number): EpisodePatch | undefined {
  const { before, after } = episode.quality;
  if (version === episode.result?.version && version !== episode.version)
    return after[name] === value ? undefined : { quality: { before, after: { ...after, [name]: value } } };
  const over = episode.state === 'recovering';
  if (over || version !== episode.version || before[name] === value) return undefined;
  return { quality: { before: { ...before, [name]: value }, after } };
}
