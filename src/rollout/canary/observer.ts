import type { GatewayEvent, JobOutcome } from '../../core/events.ts';
import { isIllness, type Outcome } from '../../core/outcome.ts';
import type { DrawnCall } from '../../core/split.ts';
import type { Target } from '../../core/target.ts';
import { binOf } from '../../statistics/fixed-histogram.ts';
import type { Likeness } from './callers.ts';
import { type Counts, latencyEdges, type MirroredCounts, type Side } from './counts.ts';
import { failureRuns } from './failure-runs.ts';
import { keyAmong, predictionKey, predictionSize } from './guards/predictions.ts';
import type { Run } from './look.ts';
import { slowAnswers } from './slow-answers.ts';

/** A call that went to targets. */
export type VersionCalled = Extract<GatewayEvent, { type: 'version-called' }>;

/** What an observer needs of the rest. */
export interface ObserverPorts {
  readonly canary: string;
  /** Of each of the canary's calls: whether its target is too new to be compared. */
  isWarmingUp(target: Target): boolean;
  /** Whether the region is well; in one that is not, failures in a row are its own. */
  well(region: string): boolean;
  /** Where a call that was the canary's failed before any of its targets was tried; undefined: that was nobody's fault. */
  notTriedIn(event: VersionCalled): string | undefined;
  /** Marginal dollars of the call's attempt at this target, where they are known. */
  costUsd(event: VersionCalled, target: Target): number | undefined;
  /** The first prediction of the call's answer, where it can be read. */
  prediction(event: VersionCalled): number | string | undefined;
}

/** Whose a call is. */
export interface Caller {
  /** Of one who comes again; undefined for a call that nobody repeats. */
  readonly key: string | undefined;
  /** Whether he has made one in this step. */
  readonly again: boolean;
}

/** Counts what this process sees of one canary. */
export interface Observer {
  called(event: VersionCalled, caller?: Caller): void;
  /** A job of this side, which a target had taken, ended. */
  jobEnded(side: Side, target: Target, outcome: JobOutcome, tookMs: number): void;
  /** The first call of a caller that was finished while this share was in force. @param returning other replicas may count the same one */
  finished(side: Side, share: number, returning: boolean): void;
  /** How wrong an answer was, of a call that was drawn so. */
  truth(loss: number, drawn: Pick<DrawnCall, 'arm' | 'region'>): void;
  /** So many mirrored calls more. */
  mirrored(more: MirroredCounts): void;
  readonly counts: Counts;
  runs(): readonly Run[];
  /** Forgets the runs of regions that turned out to be ill. */
  forgetRuns(regions: Iterable<string>): void;
}

/** Whose call was counted, and where. */
interface Whose {
  readonly side: Side;
  readonly region: string;
  readonly group?: number | undefined;
  readonly caller?: Caller | undefined;
  readonly rescued?: boolean;
}

const jobOutcomes = { answered: 'ok', refused: 'caller-fault', failed: 'backend-fault' } as const;

/** Nothing counted at first. */
export function observe(ports: ObserverPorts): Observer {
  const counts: Record<string, number> = {};
  const runs = failureRuns();
  const slow = slowAnswers();
  const told = new Set<string>();
  const add = (key: string, by = 1) => {
    counts[key] = (counts[key] ?? 0) + by;
  };
  const addMoments = (key: string, value: number, where: string) => {
    add(`${key}/n/${where}`);
    add(`${key}/s/${where}`, value);
    add(`${key}/ss/${where}`, value * value);
  };
  /** What calls of one caller may be alike in. The squares are told less the value, which leaves nothing of 0 and 1. */
  const addLike = (what: Likeness, { side, region, group }: Whose, value: number) => {
    if (group === undefined) return;
    add(`c/${side}/${what}/n/${region}/${group}`);
    if (value !== 0) add(`c/${side}/${what}/s/${region}/${group}`, value);
    if (value !== 0 && value !== 1) add(`c/${side}/${what}/x/${region}/${group}`, value * value - value);
  };
  const failedOrNot = (whose: Whose, failed: boolean) => {
    add(`n/${whose.side}/${whose.region}`);
    if (failed) add(`e/${whose.side}/${whose.region}`);
    addLike('e', whose, failed ? 1 : 0);
  };
  const took = (whose: Whose, tookMs: number) => {
    const { side, region } = whose;
    const bin = binOf(latencyEdges, tookMs);
    add(`l/${side}/${region}/${bin}`);
    if (side === 'stable') slow.note(region, bin);
    const isSlow = slow.isSlow(region, bin);
    if (isSlow === undefined) return;
    addLike('l', whose, isSlow.p50 ? 1 : 0);
    addLike('t', whose, isSlow.p95 ? 1 : 0);
  };
  /** Whether the outcome is an answer that is compared. @param tookMs undefined where it says nothing of the version */
  const counted = (whose: Whose, target: Target, outcome: Outcome, tookMs: number | undefined): boolean => {
    const { side, region, caller } = whose;
    const failed = isIllness(outcome);
    if (ports.well(region) && (failed || outcome === 'ok')) runs.note(whose, failed);
    if (side === 'canary' && ports.isWarmingUp(target)) return false; // the guard of runs saw it
    if (outcome === 'misconfigured') add(`m/${side}/${region}`);
    if (outcome !== 'ok' && outcome !== 'caller-fault' && !failed) return false;
    failedOrNot(whose, failed);
    if (outcome === 'caller-fault') add(`f/${side}/${region}`);
    if (caller?.again) add(`g/${side}/${region}`);
    if (caller?.again && outcome === 'caller-fault') add(`h/${side}/${region}`);
    if (outcome === 'ok' && tookMs !== undefined) took(whose, tookMs);
    return outcome === 'ok';
  };
  const tried = (event: VersionCalled, target: Target, whose: Whose) => {
    const { side, region } = whose;
    const [first] = event.attempts;
    // The fewer calls a version gets, the more of them find it cold.
    const tookMs =
      first?.setUpMs === undefined ? (first?.result.firstContentMs ?? first?.result.durationMs) : undefined;
    if (!counted(whose, target, firstOutcome(event), tookMs)) return;
    const usd = ports.costUsd(event, target);
    if (usd !== undefined) {
      addMoments(`$/${side}`, usd, `${region}/${event.arm?.share}`);
      addLike('$', whose, usd);
    }
    const prediction = event.outcome === 'ok' ? ports.prediction(event) : undefined;
    if (prediction === undefined) return;
    const key = keyAmong(told, predictionKey(prediction));
    add(`p/${side}/${key}`);
    addLike('p', whose, predictionSize(key));
  };
  return {
    counts,
    called: (event, caller) => {
      const { arm } = event;
      const target = event.attempts[0]?.target;
      if (arm?.canary !== ports.canary || target === undefined) return;
      const rescued = arm.side === 'canary' && event.outcome === 'moved';
      const whose = (region: string): Whose => ({ side: arm.side, region, group: arm.group, caller, rescued });
      if (arm.side === 'stable' || target.version === ports.canary) {
        tried(event, target, whose(target.region));
        return;
      }
      const region = ports.notTriedIn(event);
      if (region === undefined) return;
      if (ports.well(region)) runs.note(whose(region), true);
      failedOrNot(whose(region), true);
    },
    jobEnded: (side, target, outcome, tookMs) =>
      void counted({ side, region: target.region }, target, jobOutcomes[outcome], tookMs),
    finished: (side, share, returning) => add(`${returning ? 'k' : 'd'}/${side}/${share}`),
    truth: (loss, { arm: { side, share, group }, region }) => {
      addMoments(`q/${side}`, loss, `${region}/${share}`);
      addLike('q', { side, region, group }, loss);
    },
    mirrored: ({ made, agreed, failed }) => {
      add('s/canary/made', made);
      add('s/canary/agreed', agreed);
      add('s/canary/failed', failed);
    },
    runs: runs.all,
    forgetRuns: runs.forget,
  };
}

/**
 * What the first attempt came to. Of a stream it is known at its end: one that broke was no answer, one that its caller
 * left says nothing.
 */
function firstOutcome({ attempts, outcome, request }: VersionCalled): Outcome {
  const first = attempts[0]?.result.outcome ?? 'cancelled';
  if (first !== 'ok' || attempts.length > 1 || request.streaming !== true) return first;
  if (outcome === 'failed') return 'backend-fault';
  return outcome === 'cancelled' ? 'cancelled' : first;
}
