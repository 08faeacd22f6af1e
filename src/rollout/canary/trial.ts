import type { Listener } from '../../core/events.ts';
import type { Target } from '../../core/target.ts';
import { type Batches, batches } from './batches.ts';
import { type MirroredCounts, noMirrored, type Side } from './counts.ts';
import { type Observer, observe, type VersionCalled } from './observer.ts';
import type { CanaryPorts, ShadowStage } from './ports.ts';
import { type CanaryRecord, countedAs } from './record.ts';
import { inWave } from './split.ts';
import { warmUp } from './warm-up.ts';

/** What this process does for one running canary: counts its calls and hands the counts over. */
export interface Trial {
  /** See `countedAs`. */
  readonly id: string;
  readonly observer: Observer;
  readonly batches: Batches;
  /** Monotonic ms: when its counts were last handed over between looks. */
  handedAt: number;
  /** Monotonic ms: when a run of failures last had it looked at before it was due. */
  hurriedAt: number;
  /** Takes part in the shadow stage while the canary is in it. */
  shadow: ShadowStage | undefined;
  /** What of the shadow stage is counted already. */
  mirrored: MirroredCounts;
  /** Callers already counted in this step. */
  readonly seen: Set<string>;
  seenShare: number;
  /** Returning callers of whom a call was compared in this step. */
  readonly met: Set<string>;
  metShare: number;
}

/** Callers that are told apart in one step; those after them are not counted. */
const mostCallers = 20_000;

/** @param view the canary as it stands now */
export function startTrial(
  ports: CanaryPorts,
  record: CanaryRecord,
  view: () => CanaryRecord | undefined,
  costs: WeakMap<object, Map<Target, number>>,
): Trial {
  const { model, canary, plan } = record;
  const id = countedAs(record);
  return {
    id,
    batches: batches(`${ports.series}-${id}`),
    handedAt: Number.NEGATIVE_INFINITY,
    hurriedAt: Number.NEGATIVE_INFINITY,
    shadow: undefined,
    mirrored: noMirrored,
    seen: new Set(),
    seenShare: -1,
    met: new Set(),
    metShare: -1,
    observer: observe({
      canary,
      isWarmingUp: warmUp(ports.clock, plan),
      well: region => view()?.degraded[region] === undefined,
      notTriedIn: event => notTriedIn(ports, view() ?? record, event),
      costUsd: ({ request }, target) => costs.get(request)?.get(target),
      prediction: ({ answer }) => {
        if (answer === undefined || answer.stream !== undefined) return undefined;
        try {
          return ports.predictionsOf(model, answer)[0];
        } catch {
          return undefined; // not what predictions of this model look like
        }
      },
    }),
  };
}

/**
 * Where a call failed that was the canary's, and went to stable because every canary target it could use was ejected
 * while its region serves. Targets that are full, throttled or taken out by somebody are nobody's fault.
 */
function notTriedIn(
  ports: CanaryPorts,
  record: CanaryRecord,
  { request, attempts }: VersionCalled,
): string | undefined {
  const model = ports.model(record.model);
  const canary = inWave(
    record,
    model?.versions.find(({ name }) => name === record.canary),
  );
  if (model === undefined || canary === undefined) return undefined;
  const possible = canary.targets.filter(
    target => ports.mayServe(model, target, request) && ports.region(target.region) === 'serving',
  );
  if (possible.length === 0 || possible.some(target => ports.unusable(target) !== 'ejected')) return undefined;
  const near = attempts[0]?.target.region;
  return (possible.find(({ region }) => region === near) ?? possible[0])?.region;
}

/** A call of the experiment that was finished. */
export interface FinishedCall {
  readonly side: Side;
  readonly share: number;
  /** Whom it sticks to a version with; undefined for one that nothing is known of. */
  readonly key: string | undefined;
  /** Whether others of the same key come, at any replica. */
  readonly returning: boolean;
}

/** Whether a call's caller has made one in this step; so it is taken of those who are too many to be told apart. */
export function comesAgain(trial: Trial, { share, key, returning }: FinishedCall): boolean {
  if (key === undefined || !returning) return false;
  if (share !== trial.metShare) trial.met.clear();
  trial.metShare = share;
  if (trial.met.has(key) || trial.met.size >= mostCallers) return true;
  trial.met.add(key);
  return false;
}

/** Counts the first finished call of each caller, as long as the share is what it was. */
export function countFinished(trial: Trial, { side, share, key, returning }: FinishedCall): void {
  if (share === 1) return; // nothing is left to chance
  if (share < trial.seenShare) return; // a late one, of the step before
  if (share > trial.seenShare) {
    trial.seenShare = share;
    trial.seen.clear();
  }
  if (key !== undefined) {
    if (trial.seen.has(key) || trial.seen.size >= mostCallers) return;
    trial.seen.add(key);
  }
  trial.observer.finished(side, share, returning);
}

/** Counts what was mirrored since the last time. With a new build what is mirrored is counted anew, from nothing. */
export function countMirrored(trial: Trial): void {
  if (trial.shadow === undefined) return;
  const now = trial.shadow.agreement();
  const before = now.made < trial.mirrored.made ? noMirrored : trial.mirrored;
  const more = (name: keyof MirroredCounts) => Math.max(0, now[name] - before[name]);
  trial.observer.mirrored({ made: more('made'), agreed: more('agreed'), failed: more('failed') });
  trial.mirrored = now;
}

/** How wrong a prediction was: 0 or 1 for labels, the squared error for numbers. */
export function lossOf({ predicted, truth }: Extract<Parameters<Listener>[0], { type: 'truth-joined' }>): number {
  if (typeof predicted === 'number' && typeof truth === 'number') return (predicted - truth) ** 2;
  return String(predicted) === String(truth) ? 0 : 1;
}
