import { addPane, type Counter, counterFor, type PaneCounts } from './counts.ts';
import { type Judgement, judge } from './judge.ts';
import { type Violation, violationsOf } from './judge-quality.ts';
import type { MonitorOptions } from './options.ts';
import type { Records } from './payload.ts';
import type { DriftPorts, KnownBaseline } from './ports.ts';
import { decodePane } from './stored-panes.ts';
import { addTruth } from './truth-counts.ts';

/** A pane of all replicas, complete. */
export interface Pane {
  /** Number of the pane since the epoch. */
  readonly index: number;
  readonly counts: PaneCounts;
}

/** A window that was judged. */
export interface JudgedWindow {
  readonly kind: 'tumbling' | 'sliding';
  /** Wall clock, ms. */
  readonly endsAt: number;
  readonly counts: PaneCounts;
  readonly judgements: readonly Judgement[];
  readonly violations: readonly Violation[];
}

/** What one version's monitor knows, to be kept over a restart. */
export interface KeptPanes {
  readonly baseline: string;
  readonly history: readonly Pane[];
  /** Not judged yet, of this replica alone. */
  readonly open: readonly Pane[];
}

/** How long the counts of other replicas are waited for where they cannot be had, ms. */
const patienceMs = 30_000;

/**
 * Counts one version's calls in panes of wall-clock time under one baseline, adds up those of all replicas, and judges
 * windows of them. Panes begin at the same times everywhere, so every replica judges the same windows over the same sums.
 */
export class VersionMonitor {
  readonly baseline: KnownBaseline;
  readonly #ports: Pick<DriftPorts, 'clock' | 'tallies' | 'warn'>;
  readonly #scope: string;
  readonly #options: MonitorOptions;
  readonly #counter: Counter;
  readonly #open = new Map<number, PaneCounts>();
  readonly #published = new Set<number>();
  #history: Pane[];
  #nextIndex: number;

  constructor(
    ports: Pick<DriftPorts, 'clock' | 'tallies' | 'warn'>,
    scope: { readonly model: string; readonly version: string },
    baseline: KnownBaseline,
    options: MonitorOptions,
    kept?: KeptPanes,
  ) {
    this.baseline = baseline;
    this.#ports = ports;
    this.#options = options;
    this.#scope = `drift/${scope.model}/${scope.version}/${baseline.id}/${options.windows.paneSeconds}`;
    this.#counter = counterFor(baseline.baseline);
    this.#nextIndex = this.#indexAt(ports.clock.wallMs());
    const same = kept?.baseline === baseline.id ? kept : undefined;
    this.#history = [...(same?.history ?? [])].filter(({ index }) => index > this.#nextIndex - this.#longest);
    for (const { index, counts } of same?.open ?? []) {
      if (index <= this.#nextIndex - this.#longest) continue;
      this.#open.set(index, counts);
      this.#nextIndex = Math.min(this.#nextIndex, index);
    }
  }

  /** Counts what a call brought. */
  record(atMs: number, records: Records, predictions: readonly (number | string)[]): void {
    const pane = this.#paneAt(atMs);
    if (records.problems.length > 0 && records.instances.length === 0) pane.unreadable += 1;
    for (const instance of records.instances) this.#counter.addRecord(pane, instance, records.typed);
    for (const prediction of predictions) this.#counter.addPrediction(pane, prediction);
  }

  /** Counts a prediction that turned out so. */
  truth(atMs: number, predicted: number | string, truth: number | string): void {
    addTruth(this.#paneAt(atMs).truths, predicted, truth, this.#options.payload.threshold);
  }

  /** Marks the pane of now: a region is out, and the mix of calls is not the usual. */
  disturb(): void {
    this.#paneAt(this.#ports.clock.wallMs()).disturbed = true;
  }

  /** Hands over what is complete and judges what all replicas have handed over. Called again and again, one at a time. */
  async turn(): Promise<readonly JudgedWindow[]> {
    const now = this.#ports.clock.wallMs();
    const current = this.#indexAt(now);
    await this.#publishUntil(current);
    const judged: JudgedWindow[] = [];
    this.#nextIndex = Math.max(this.#nextIndex, current - this.#longest);
    while (this.#nextIndex < current) {
      const endedAt = (this.#nextIndex + 1) * this.#paneMs;
      if (now < endedAt + this.#options.windows.settleMs) break;
      const counts = await this.#collect(this.#nextIndex, now - endedAt > this.#options.windows.settleMs + patienceMs);
      if (counts === undefined) break;
      judged.push(...this.#close({ index: this.#nextIndex, counts }));
      this.#nextIndex += 1;
    }
    return judged;
  }

  /** Everything counted so far, the panes that are not judged included: of the replicas, where they were added up. */
  total(): PaneCounts {
    const sum = this.#counter.empty();
    for (const { counts } of this.#history) addPane(sum, counts);
    return sum;
  }

  /** What a restart goes on with. */
  kept(): KeptPanes {
    const open = [...this.#open].map(([index, counts]) => ({ index, counts }));
    return { baseline: this.baseline.id, history: this.#history, open };
  }

  get #paneMs(): number {
    return this.#options.windows.paneSeconds * 1_000;
  }

  /** Panes of the longest window. */
  get #longest(): number {
    const { tumblingPanes, slidingPanes } = this.#options.windows;
    return Math.max(tumblingPanes, slidingPanes);
  }

  #indexAt(wallMs: number): number {
    return Math.floor(wallMs / this.#paneMs);
  }

  /** A call that was read late, after its pane was handed over, counts in the next. */
  #paneAt(atMs: number): PaneCounts {
    let index = Math.max(this.#nextIndex, this.#indexAt(atMs));
    while (this.#published.has(index)) index += 1;
    let pane = this.#open.get(index);
    if (pane === undefined) {
      pane = this.#counter.empty();
      this.#open.set(index, pane);
    }
    return pane;
  }

  async #publishUntil(current: number): Promise<void> {
    for (const [index, counts] of this.#open) {
      if (index >= current || this.#published.has(index)) continue;
      this.#published.add(index);
      try {
        await this.#ports.tallies.publish(`${this.#scope}/${index}`, JSON.stringify(counts));
      } catch {
        this.#published.delete(index); // tried again at the next turn
        return;
      }
    }
  }

  /** A pane of all replicas; undefined while they cannot be asked, and this replica's own when that takes too long. */
  async #collect(index: number, late: boolean): Promise<PaneCounts | undefined> {
    const sum = this.#counter.empty();
    try {
      const all = await this.#ports.tallies.collect(`${this.#scope}/${index}`);
      for (const [replica, text] of [...all].sort(([a], [b]) => (a < b ? -1 : 1))) {
        const counts = decodePane(text, sum);
        if (counts === undefined)
          this.#ports.warn(`counts of replica ${replica} cannot be read: ${this.#scope}/${index}`);
        else addPane(sum, counts);
      }
      return sum;
    } catch {
      if (!late) return undefined;
      const own = this.#open.get(index);
      if (own !== undefined) addPane(sum, own);
      return sum;
    }
  }

  #close(pane: Pane): readonly JudgedWindow[] {
    const { tumblingPanes, slidingPanes, slidingRecords } = this.#options.windows;
    this.#open.delete(pane.index);
    this.#published.delete(pane.index);
    this.#history = [...this.#history, pane].filter(({ index }) => index > pane.index - this.#longest);
    const forgotten = pane.index - this.#longest - keptScopes;
    this.#ports.tallies.forget(`${this.#scope}/${forgotten}`).catch(() => undefined); // it expires by itself too
    const windows: JudgedWindow[] = [];
    if ((pane.index + 1) % tumblingPanes === 0) windows.push(this.#judge('tumbling', pane.index, tumblingPanes, 0));
    if (slidingPanes > 0) windows.push(this.#judge('sliding', pane.index, slidingPanes, slidingRecords));
    return windows;
  }

  #judge(kind: JudgedWindow['kind'], last: number, panes: number, enoughRecords: number): JudgedWindow {
    const counts = this.#counter.empty();
    for (const pane of this.#history.toReversed()) {
      if (pane.index <= last - panes || (enoughRecords > 0 && counts.records >= enoughRecords)) break;
      addPane(counts, pane.counts);
    }
    const { baseline } = this.baseline;
    return {
      kind,
      endsAt: (last + 1) * this.#paneMs,
      counts,
      judgements: judge(baseline, counts, this.#options),
      violations: violationsOf(baseline, counts, this.#options),
    };
  }
}

/** Replicas may lag so many panes before the counts they ask for are gone. */
const keptScopes = 12;
