import type { Clock } from '../core/clock.ts';
import type { BaselineOf } from './baselines.ts';
import { addPane, type Counter, counterFor, type PaneCounts } from './counts.ts';
import { type JudgedWindow, judgedWindow, patienceMs } from './judged-window.ts';
import type { MonitorOptions } from './options.ts';
import { OwnPanes } from './own-panes.ts';
import type { Records } from './payload.ts';
import type { DriftPorts, KnownBaseline } from './ports.ts';
import { everyone } from './scope.ts';
import { SharedPanes } from './shared-panes.ts';
import { type KeptPanes, type OpenPanes, type Pane, pickUp } from './stored-panes.ts';
import { addTruth } from './truth-counts.ts';

/**
 * Counts one version's calls, all or those of a scope, in panes of wall-clock time under one baseline, adds up those of all
 * replicas, and judges windows of them. Panes begin at the same times everywhere, so every replica judges the same windows
 * over the same sums: one that starts asks for the panes it was not there for, and what one had counted before it crashed is
 * not lost.
 */
export class VersionMonitor {
  readonly baseline: KnownBaseline;
  readonly #clock: Clock;
  readonly #shared: SharedPanes;
  readonly #options: MonitorOptions;
  readonly #counter: Counter;
  readonly #own: OwnPanes;
  #history: readonly Pane[];
  #nextIndex: number;
  /** Windows that end in earlier panes are not told: this replica was not there, or knows them in part. */
  #judgesFrom: number;
  /** Wall clock, of its start. */
  #sinceMs: number;
  #unwritten = false;

  constructor(
    ports: Pick<DriftPorts, 'clock' | 'tallies' | 'warn'>,
    { model, version, scope }: BaselineOf,
    baseline: KnownBaseline,
    options: MonitorOptions,
    kept?: KeptPanes,
  ) {
    this.baseline = baseline;
    this.#clock = ports.clock;
    this.#options = options;
    this.#counter = counterFor(baseline.baseline);
    const whose = scope === everyone ? `${model}/${version}` : `${model}/${version}@${scope}`;
    const name = `drift/${whose}/${baseline.id}/${options.windows.paneSeconds}`;
    this.#shared = new SharedPanes(ports, name, this.#counter);
    this.#sinceMs = ports.clock.wallMs();
    const now = this.#indexAt(this.#sinceMs);
    const { paneSeconds } = options.windows;
    const same = kept?.baseline === baseline.id && kept.paneSeconds === paneSeconds ? kept : undefined;
    const { history, open } = pickUp(same, now, this.#longest);
    this.#history = history;
    this.#own = new OwnPanes(ports.clock, this.#shared, this.#counter, open);
    const last = history.at(-1)?.index;
    const goesOnAt = last === undefined ? open[0]?.index : last + 1;
    this.#nextIndex = goesOnAt ?? now - this.#longest + 1;
    this.#judgesFrom = goesOnAt ?? now;
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
    this.#paneAt(this.#clock.wallMs()).disturbed = true;
  }

  /** Hands over what is complete and judges what all replicas have handed over. Called again and again, one at a time. */
  async turn(): Promise<readonly JudgedWindow[]> {
    const now = this.#clock.wallMs();
    const current = this.#indexAt(now);
    // By more than a pane, since one pane ahead it soon is there.
    if (this.#nextIndex > current + 1) this.#setBack(current);
    await this.#own.finishUntil(current);
    const judged: JudgedWindow[] = [];
    if (this.#nextIndex < current - this.#longest) {
      this.#nextIndex = current - this.#longest;
      this.#judgesFrom = current - 1;
    }
    while (this.#nextIndex < current) {
      const endedAt = (this.#nextIndex + 1) * this.#paneMs;
      if (now < endedAt + this.#options.windows.settleMs) break;
      // Where the others cannot be asked for too long, it is judged by what was seen here.
      const late = now - Math.max(endedAt, this.#sinceMs) > this.#options.windows.settleMs + patienceMs;
      const counts =
        (await this.#shared.collect(this.#nextIndex)) ?? (late ? this.#own.of(this.#nextIndex) : undefined);
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

  /** Whether panes were finished that are not written down. */
  get unwritten(): boolean {
    return this.#unwritten;
  }

  /** What a restart goes on with, to be written down. */
  kept(): KeptPanes {
    this.#unwritten = false;
    return { ...this.#openPanes(), history: this.#history };
  }

  /**
   * What a crash must not take: the panes under way, to be written down, when there is something new in them and the last
   * time is long enough ago. Others are handed them too.
   */
  async handOver(): Promise<OpenPanes | undefined> {
    return (await this.#own.handOver()) ? this.#openPanes() : undefined;
  }

  #openPanes(): OpenPanes {
    const { paneSeconds } = this.#options.windows;
    return { baseline: this.baseline.id, paneSeconds, open: this.#own.all() };
  }

  /** The clock was ahead, and is set back: what was counted meanwhile is of now, and what was judged then is no past. */
  #setBack(current: number): void {
    this.#history = this.#history.filter(({ index }) => index < current);
    this.#nextIndex = current;
    this.#judgesFrom = Math.min(this.#judgesFrom, current);
    this.#sinceMs = Math.min(this.#sinceMs, this.#clock.wallMs());
    this.#own.setBack(current);
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

  #paneAt(atMs: number): PaneCounts {
    return this.#own.at(Math.max(this.#nextIndex, this.#indexAt(atMs)));
  }

  #close(pane: Pane): readonly JudgedWindow[] {
    const { tumblingPanes, slidingPanes, slidingRecords } = this.#options.windows;
    this.#own.close(pane.index);
    this.#unwritten = true;
    this.#history = [...this.#history, pane].filter(({ index }) => index > pane.index - this.#longest);
    this.#shared.forget(pane.index - this.#longest - lateReplicaPanes);
    if (pane.index < this.#judgesFrom) return [];
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
    return judgedWindow(this.baseline.baseline, this.#options, { kind, endsAt: (last + 1) * this.#paneMs, counts });
  }
}

/** Replicas may lag so many panes before the counts they ask for are gone. */
const lateReplicaPanes = 12;
