import type { Baseline } from './baseline.ts';
import type { BaselineOf, Baselines } from './baselines.ts';
import { baselineOfRecent, predictionName } from './build-baseline.ts';
import { describe } from './describe.ts';
import { performanceOf } from './judge-performance.ts';
import type { JudgedWindow } from './judged-window.ts';
import type { DriftPorts } from './ports.ts';
import { type Promotions, promotionsIn } from './promotions.ts';
import { truthsIn } from './truth-counts.ts';
import { type Part, partsOf, type WatchedVersions } from './watched-versions.ts';

/** Records that a new baseline needs at least. */
const leastRecords = 100;

/**
 * Makes baselines, or what they lack, of a version's own traffic, and puts them in force on all replicas. Of several
 * replicas that learn the same at once, one wins, and the others follow it.
 */
export class Learning {
  readonly #ports: Pick<DriftPorts, 'model' | 'models'>;
  readonly #baselines: Baselines;
  readonly #versions: WatchedVersions;
  readonly #promotions: Promotions;

  constructor(
    ports: Pick<DriftPorts, 'model' | 'models' | 'state' | 'clock' | 'promoted'>,
    baselines: Baselines,
    versions: WatchedVersions,
  ) {
    const { state, clock, promoted } = ports;
    this.#ports = ports;
    this.#baselines = baselines;
    this.#versions = versions;
    this.#promotions = promotionsIn({ state, wallMs: () => clock.wallMs(), promoted });
  }

  /** As `Drift.rebaseline`. */
  async rebaseline(model: string, version: string, given?: Baseline, why?: string): Promise<boolean> {
    const [whole, ...scopes] = this.#partsFor(model, version);
    if (whole === undefined) return false;
    if (given !== undefined) return this.#learn(whole, given, why);
    // Scopes first: one that shares the baseline of all starts to count anew when that changes.
    for (const part of scopes) await this.#relearn(part, why);
    return this.#relearn(whole, why);
  }

  /** Makes the baselines of promoted versions as soon as they have records enough. */
  async promoted(): Promise<void> {
    for (const { name } of this.#ports.models()) {
      const due = await this.#promotions.due(name);
      if (due === undefined) continue;
      const [whole, ...scopes] = this.#partsFor(name, due.version);
      for (const part of whole === undefined ? [] : [...scopes, whole]) {
        if (due.done.includes(part.scope)) continue;
        const made = await this.#relearn(part, due.why);
        if (!made && this.#baselines.learnedFor(part) !== due.why) continue;
        await this.#promotions.done(name, part.scope);
        if (part === whole) await this.#forgetOthers(name);
      }
    }
  }

  /** A baseline without predictions gets those of the first records that came. */
  async predictions(part: Part): Promise<void> {
    const { monitor, ring } = part;
    const baseline = monitor?.baseline.baseline;
    if (baseline === undefined || baseline.prediction !== undefined || !ring.full || !this.#isOwn(part)) return;
    const predictions = ring.all().flatMap(({ prediction }) => prediction ?? []);
    if (predictions.length < leastRecords) return;
    const prediction = describe(predictionName, predictions, true);
    await this.#learn(part, { ...baseline, prediction }, 'first predictions');
  }

  /** One without ground truth gets that of the first window that has enough of it. */
  async performance(part: Part, { kind, counts: { truths } }: JudgedWindow): Promise<void> {
    const baseline = part.monitor?.baseline.baseline;
    const enough = this.#ports.model(part.model)?.options.windows.minTruths ?? Number.POSITIVE_INFINITY;
    if (baseline === undefined || baseline.performance !== undefined || kind !== 'tumbling' || !this.#isOwn(part))
      return;
    const performance = truthsIn(truths) < enough ? undefined : performanceOf(truths);
    if (performance !== undefined) await this.#learn(part, { ...baseline, performance }, 'first truths');
  }

  #partsFor(model: string, version: string): readonly Part[] {
    const watched = this.#versions.find(model, version);
    return watched === undefined ? [] : partsOf(watched);
  }

  async #learn(of: BaselineOf, baseline: Baseline, why?: string): Promise<boolean> {
    const done = await this.#baselines.learn(of, baseline, why);
    this.#versions.refresh();
    return done;
  }

  async #relearn(part: Part, why: string | undefined): Promise<boolean> {
    const { ring, monitor } = part;
    if (ring.size < leastRecords) return false;
    const performance = monitor && performanceOf(monitor.total().truths);
    return this.#learn(part, baselineOfRecent(ring.all(), performance, monitor?.baseline.baseline), why);
  }

  /** A baseline that a scope shares with all is completed by all. */
  #isOwn(part: Part): boolean {
    const whole = this.#versions.find(part.model, part.version)?.whole;
    return part === whole || part.monitor?.baseline.id !== whole?.monitor?.baseline.id;
  }

  /** Versions come and go for years, and what was learned of each would stay. */
  #forgetOthers(name: string): Promise<void> {
    const { versions = [], scopes = [] } = this.#ports.model(name) ?? {};
    return this.#baselines.forgetOthers(name, versions, scopes);
  }
}
