import type { Baseline } from './baseline.ts';
import type { Baselines } from './baselines.ts';
import { baselineOfRecent, predictionName } from './build-baseline.ts';
import { describe } from './describe.ts';
import { performanceOf } from './judge-performance.ts';
import type { DriftPorts } from './ports.ts';
import { truthsIn } from './truth-counts.ts';
import type { JudgedWindow } from './version-monitor.ts';
import type { Watched, WatchedVersions } from './watched-versions.ts';

/** Makes baselines, or what they lack, of a version's own traffic, and puts them in force on all replicas. */
export interface Learning {
  /** As `Drift.rebaseline`. */
  rebaseline(model: string, version: string, baseline?: Baseline, why?: string): Promise<boolean>;
  /** Makes the baselines of promoted versions that have records enough by now. */
  promoted(): Promise<void>;
  /** A baseline without predictions gets those of the version's first records. */
  predictions(watched: Watched): Promise<void>;
  /** One without ground truth gets that of the first window that has enough of it. */
  performance(watched: Watched, window: JudgedWindow): Promise<void>;
}

/** Records that a new baseline needs at least. */
const leastRecords = 100;

/** Of several replicas that learn the same at once, one wins, and the others follow it. */
export function createLearning(
  ports: Pick<DriftPorts, 'model'>,
  baselines: Baselines,
  versions: WatchedVersions,
): Learning {
  /** Versions that were promoted before they had records enough. */
  const waiting = new Map<
    string,
    { readonly model: string; readonly version: string; readonly why: string | undefined }
  >();
  const learn = async (model: string, version: string, baseline: Baseline, why?: string): Promise<boolean> => {
    const done = await baselines.learn(model, version, baseline, why);
    versions.refresh();
    return done;
  };
  const rebaseline: Learning['rebaseline'] = async (model, version, given, why) => {
    const key = `${model} ${version}`;
    const watched = versions.find(model, version);
    if (watched === undefined) return false;
    if (given === undefined && watched.ring.size < leastRecords) {
      waiting.set(key, { model, version, why });
      return false;
    }
    waiting.delete(key);
    const performance = watched.monitor && performanceOf(watched.monitor.total().truths);
    return learn(model, version, given ?? baselineOfRecent(watched.ring.all(), performance), why);
  };
  return {
    rebaseline,
    promoted: async () => {
      for (const { model, version, why } of [...waiting.values()])
        if ((versions.find(model, version)?.ring.size ?? 0) >= leastRecords)
          await rebaseline(model, version, undefined, why);
    },
    predictions: async ({ model, version, monitor, ring }) => {
      const baseline = monitor?.baseline.baseline;
      if (baseline === undefined || baseline.prediction !== undefined || !ring.full) return;
      const predictions = ring.all().flatMap(({ prediction }) => prediction ?? []);
      if (predictions.length < leastRecords) return;
      const prediction = describe(predictionName, predictions, true);
      await learn(model, version, { ...baseline, prediction }, 'first predictions');
    },
    performance: async ({ model, version, monitor }, { kind, counts: { truths } }) => {
      const baseline = monitor?.baseline.baseline;
      const enough = ports.model(model)?.options.windows.minTruths ?? Number.POSITIVE_INFINITY;
      if (baseline === undefined || baseline.performance !== undefined || kind !== 'tumbling') return;
      const performance = truthsIn(truths) < enough ? undefined : performanceOf(truths);
      if (performance !== undefined) await learn(model, version, { ...baseline, performance }, 'first truths');
    },
  };
}
