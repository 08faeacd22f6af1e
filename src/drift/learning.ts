import type { Baseline } from './baseline.ts';
import type { BaselineOf, Baselines } from './baselines.ts';
import { baselineOfRecent, predictionName } from './build-baseline.ts';
import { describe } from './describe.ts';
import { performanceOf } from './judge-performance.ts';
import type { JudgedWindow } from './judged-window.ts';
import type { DriftPorts } from './ports.ts';
import { promotionsIn } from './promotions.ts';
import { truthsIn } from './truth-counts.ts';
import { type Part, partsOf, type WatchedVersions } from './watched-versions.ts';

/** Makes baselines, or what they lack, of a version's own traffic, and puts them in force on all replicas. */
export interface Learning {
  /** As `Drift.rebaseline`. */
  rebaseline(model: string, version: string, baseline?: Baseline, why?: string): Promise<boolean>;
  /** Makes the baselines of promoted versions as soon as they have records enough. */
  promoted(): Promise<void>;
  /** A baseline without predictions gets those of the first records that came. */
  predictions(part: Part): Promise<void>;
  /** One without ground truth gets that of the first window that has enough of it. */
  performance(part: Part, window: JudgedWindow): Promise<void>;
}

/** Records that a new baseline needs at least. */
const leastRecords = 100;

/** Of several replicas that learn the same at once, one wins, and the others follow it. */
export function createLearning(
  ports: Pick<DriftPorts, 'model' | 'models' | 'state' | 'clock' | 'promoted'>,
  baselines: Baselines,
  versions: WatchedVersions,
): Learning {
  const { state, clock } = ports;
  const promotions = promotionsIn({ state, wallMs: () => clock.wallMs(), promoted: ports.promoted });
  const partsFor = (model: string, version: string) => {
    const watched = versions.find(model, version);
    return watched === undefined ? [] : partsOf(watched);
  };
  const learn = async (of: BaselineOf, baseline: Baseline, why?: string): Promise<boolean> => {
    const done = await baselines.learn(of, baseline, why);
    versions.refresh();
    return done;
  };
  /** A baseline that a scope shares with all is completed by all. */
  const isOwn = (part: Part) => {
    const whole = versions.find(part.model, part.version)?.whole;
    return part === whole || part.monitor?.baseline.id !== whole?.monitor?.baseline.id;
  };
  const relearn = async (part: Part, why: string | undefined): Promise<boolean> => {
    const { ring, monitor } = part;
    if (ring.size < leastRecords) return false;
    const performance = monitor && performanceOf(monitor.total().truths);
    return learn(part, baselineOfRecent(ring.all(), performance, monitor?.baseline.baseline), why);
  };
  /** Versions come and go for years, and what was learned of each would stay. */
  const forgetOthers = (name: string) => {
    const { versions: named = [], scopes = [] } = ports.model(name) ?? {};
    return baselines.forgetOthers(name, named, scopes);
  };
  return {
    rebaseline: async (model, version, given, why) => {
      const [whole, ...scopes] = partsFor(model, version);
      if (whole === undefined) return false;
      if (given !== undefined) return learn(whole, given, why);
      // Scopes first: one that shares the baseline of all starts to count anew when that changes.
      for (const part of scopes) await relearn(part, why);
      return relearn(whole, why);
    },
    promoted: async () => {
      for (const { name } of ports.models()) {
        const due = await promotions.due(name);
        if (due === undefined) continue;
        const [whole, ...scopes] = partsFor(name, due.version);
        for (const part of whole === undefined ? [] : [...scopes, whole]) {
          if (due.done.includes(part.scope)) continue;
          const made = await relearn(part, due.why);
          if (!made && baselines.learnedFor(part) !== due.why) continue;
          await promotions.done(name, part.scope);
          if (part === whole) await forgetOthers(name);
        }
      }
    },
    predictions: async part => {
      const { monitor, ring } = part;
      const baseline = monitor?.baseline.baseline;
      if (baseline === undefined || baseline.prediction !== undefined || !ring.full || !isOwn(part)) return;
      const predictions = ring.all().flatMap(({ prediction }) => prediction ?? []);
      if (predictions.length < leastRecords) return;
      const prediction = describe(predictionName, predictions, true);
      await learn(part, { ...baseline, prediction }, 'first predictions');
    },
    performance: async (part, { kind, counts: { truths } }) => {
      const baseline = part.monitor?.baseline.baseline;
      const enough = ports.model(part.model)?.options.windows.minTruths ?? Number.POSITIVE_INFINITY;
      if (baseline === undefined || baseline.performance !== undefined || kind !== 'tumbling' || !isOwn(part)) return;
      const performance = truthsIn(truths) < enough ? undefined : performanceOf(truths);
      if (performance !== undefined) await learn(part, { ...baseline, performance }, 'first truths');
    },
  };
}
