import type { Baseline } from './baseline.ts';
import type { Baselines } from './baselines.ts';
import { baselineOfRecent, predictionName } from './build-baseline.ts';
import { describe } from './describe.ts';
import { performanceOf } from './judge-performance.ts';
import type { DriftPorts } from './ports.ts';
import { promotionsIn } from './promotions.ts';
import { truthsIn } from './truth-counts.ts';
import type { JudgedWindow } from './version-monitor.ts';
import type { Watched, WatchedVersions } from './watched-versions.ts';

/** Makes baselines, or what they lack, of a version's own traffic, and puts them in force on all replicas. */
export interface Learning {
  /** As `Drift.rebaseline`. */
  rebaseline(model: string, version: string, baseline?: Baseline, why?: string): Promise<boolean>;
  /** Makes the baselines of promoted versions as soon as they have records enough. */
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
  ports: Pick<DriftPorts, 'model' | 'models' | 'state' | 'clock' | 'promoted'>,
  baselines: Baselines,
  versions: WatchedVersions,
): Learning {
  const { state, clock, promoted } = ports;
  const promotions = promotionsIn({ state, wallMs: () => clock.wallMs(), promoted });
  const learn = async (model: string, version: string, baseline: Baseline, why?: string): Promise<boolean> => {
    const done = await baselines.learn(model, version, baseline, why);
    versions.refresh();
    return done;
  };
  const rebaseline: Learning['rebaseline'] = async (model, version, given, why) => {
    const watched = versions.find(model, version);
    if (watched === undefined || (given === undefined && watched.ring.size < leastRecords)) return false;
    const performance = watched.monitor && performanceOf(watched.monitor.total().truths);
    return learn(model, version, given ?? baselineOfRecent(watched.ring.all(), performance), why);
  };
  return {
    rebaseline,
    promoted: async () => {
      for (const { name } of ports.models()) {
        const due = await promotions.due(name);
        if (due === undefined) continue;
        const made = await rebaseline(name, due.version, undefined, due.why);
        if (made || baselines.learnedFor(name, due.version) === due.why) await promotions.done(name);
      }
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
