/** What is compared with a model's baseline. */
export const monitors = ['features', 'prediction', 'data-quality', 'performance'] as const;
/** One of them. */
export type Monitor = (typeof monitors)[number];

/** Something that speaks for drift, or did: one statistic of a monitor, or one alert. */
export interface Evidence {
  /** The same for the same statistic or alert, whoever tells. */
  readonly key: string;
  readonly source: 'evaluator' | 'alertmanager';
  readonly monitor: Monitor;
  /** That drifted; an alert need not know it. */
  readonly version: string | undefined;
  readonly feature: string | undefined;
  readonly statistic: string | undefined;
  readonly value: number | undefined;
  /** Records it was judged by. */
  readonly sample: number | undefined;
  /** Wall-clock ms: end of the window, or start of the alert. */
  readonly atMs: number;
  /** Whether it still stands. */
  readonly active: boolean;
}

/** What must be drifted for a model to be retrained. */
export interface Corroboration {
  readonly confirmedBy: readonly Monitor[];
  readonly agreeing: number;
}

/** Of each monitor: so that a thousand features make no long record, and push out none of what confirms their drift. */
const mostOfMonitor = 15;

/** Monitors that show drift now. */
export function drifting(evidence: readonly Evidence[]): ReadonlySet<Monitor> {
  return new Set(evidence.filter(({ active }) => active).map(({ monitor }) => monitor));
}

/** Whether the evidence is enough to retrain. @param sinceMs what is older is not believed */
export function confirms(
  evidence: readonly Evidence[],
  { confirmedBy, agreeing }: Corroboration,
  sinceMs = Number.NEGATIVE_INFINITY,
): boolean {
  const found = drifting(evidence.filter(({ atMs }) => atMs >= sinceMs));
  return found.size >= agreeing && confirmedBy.some(monitor => found.has(monitor));
}

/**
 * The evidence with `news` in the place of what it is about; the same array when it tells nothing new. Where a monitor
 * has enough of it, the oldest that is past makes room; when all of it stands, more of the same tells nothing new.
 */
export function withEvidence(evidence: readonly Evidence[], news: Evidence): readonly Evidence[] {
  const known = evidence.find(({ key }) => key === news.key);
  if (known !== undefined && (known.atMs > news.atMs || same(known, news))) return evidence;
  const others = evidence.filter(({ key }) => key !== news.key);
  const alike = others.filter(({ monitor }) => monitor === news.monitor);
  if (alike.length < mostOfMonitor) return [...others, news];
  const [oldest] = alike.filter(({ active }) => !active).sort((a, b) => a.atMs - b.atMs);
  return oldest === undefined ? evidence : [...others.filter(each => each !== oldest), news];
}

function same(known: Evidence, news: Evidence): boolean {
  return known.active === news.active && known.value === news.value && known.atMs === news.atMs;
}

/** In words, for people: `prediction drifted (psi 0.31)`. */
export function evidenceText({ monitor, feature, statistic, value, active, source }: Evidence): string {
  const what = feature === undefined || feature === monitor ? monitor : `${monitor} ${feature}`;
  const how = statistic === undefined ? source : `${statistic}${value === undefined ? '' : ` ${rounded(value)}`}`;
  return `${what} ${active ? 'drifted' : 'is clear'} (${how})`;
}

function rounded(value: number): string {
  return Number(value.toPrecision(3)).toString();
}
