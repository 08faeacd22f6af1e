import type { GatewayEvent, JobOutcome } from '../../core/events.ts';
import { isIllness, type Outcome } from '../../core/outcome.ts';
import type { Target } from '../../core/target.ts';
import { binOf } from '../../statistics/fixed-histogram.ts';
import { type Counts, latencyEdges, type MirroredCounts, type Side } from './counts.ts';
import { keyAmong, predictionKey } from './guards/predictions.ts';
import type { Run } from './look.ts';

/** A call that went to targets. */
export type VersionCalled = Extract<GatewayEvent, { type: 'version-called' }>;

/** What an observer needs of the rest. */
export interface ObserverPorts {
  readonly canary: string;
  readonly warmUpCalls: number;
  /** Whether the region is well; in one that is not, failures in a row are its own. */
  well(region: string): boolean;
  /** Where a call that was the canary's failed before any of its targets was tried; undefined: that was nobody's fault. */
  notTriedIn(event: VersionCalled): string | undefined;
  /** Marginal dollars of the call's attempt at this target, where they are known. */
  costUsd(event: VersionCalled, target: Target): number | undefined;
  /** The first prediction of the call's answer, where it can be read. */
  prediction(event: VersionCalled): number | string | undefined;
}

/** Counts what this process sees of one canary. */
export interface Observer {
  /** @param again whether its caller has made one in this step */
  called(event: VersionCalled, again?: boolean): void;
  /** A job of this side, which a target had taken, ended. */
  jobEnded(side: Side, target: Target, outcome: JobOutcome, tookMs: number | undefined): void;
  /** The first call of a caller that was finished while this share was in force. @param returning other replicas may count the same one */
  finished(side: Side, share: number, returning: boolean): void;
  /** How wrong an answer of this side was, of a call that was drawn with this share. */
  truth(side: Side, loss: number, drawn: { readonly region: string; readonly share: number }): void;
  /** So many mirrored calls more. */
  mirrored(more: MirroredCounts): void;
  readonly counts: Counts;
  runs(): readonly Run[];
  /** Forgets the runs of regions that turned out to be ill. */
  forgetRuns(regions: Iterable<string>): void;
}

const jobOutcomes = { answered: 'ok', refused: 'caller-fault', failed: 'backend-fault' } as const;

/** Nothing counted at first. */
export function observe(ports: ObserverPorts): Observer {
  const counts: Record<string, number> = {};
  const warm = new Map<string, number>();
  const runs = new Map<string, OpenRun>();
  const told = new Set<string>();
  const add = (key: string, by = 1) => {
    counts[key] = (counts[key] ?? 0) + by;
  };
  const addMoments = (key: string, value: number, where: string) => {
    add(`${key}/n/${where}`);
    add(`${key}/s/${where}`, value);
    add(`${key}/ss/${where}`, value * value);
  };
  /** The first calls of a target are left out of the comparison; the guard of runs sees them. */
  const warmingUp = (target: Target) => {
    const before = warm.get(target.id) ?? 0;
    if (before < ports.warmUpCalls) warm.set(target.id, before + 1);
    return before < ports.warmUpCalls;
  };
  /** Whether the outcome is an answer that is compared. @param tookMs undefined where it says nothing of the version */
  const counted = (
    side: Side,
    target: Target,
    outcome: Outcome,
    tookMs: number | undefined,
    again: boolean,
  ): boolean => {
    const { region } = target;
    const failed = isIllness(outcome);
    if (ports.well(region) && (failed || outcome === 'ok')) noteRun(runs, region, side, failed);
    if (side === 'canary' && warmingUp(target)) return false;
    if (outcome === 'misconfigured') add(`m/${side}/${region}`);
    if (outcome !== 'ok' && outcome !== 'caller-fault' && !failed) return false;
    add(`n/${side}/${region}`);
    if (failed) add(`e/${side}/${region}`);
    if (outcome === 'caller-fault') add(`f/${side}/${region}`);
    if (again) add(`g/${side}/${region}`);
    if (again && outcome === 'caller-fault') add(`h/${side}/${region}`);
    if (outcome !== 'ok') return false;
    if (tookMs !== undefined) add(`l/${side}/${region}/${binOf(latencyEdges, tookMs)}`);
    return true;
  };
  const tried = (event: VersionCalled, side: Side, target: Target, again: boolean) => {
    const [first] = event.attempts;
    // The fewer calls a version gets, the more of them find it cold.
    const tookMs =
      first?.setUpMs === undefined ? (first?.result.firstContentMs ?? first?.result.durationMs) : undefined;
    if (!counted(side, target, firstOutcome(event), tookMs, again)) return;
    const usd = ports.costUsd(event, target);
    if (usd !== undefined) addMoments(`$/${side}`, usd, `${target.region}/${event.arm?.share}`);
    const prediction = event.outcome === 'ok' ? ports.prediction(event) : undefined;
    if (prediction !== undefined) add(`p/${side}/${keyAmong(told, predictionKey(prediction))}`);
  };
  return {
    counts,
    called: (event, again = false) => {
      const { arm } = event;
      const target = event.attempts[0]?.target;
      if (arm?.canary !== ports.canary || target === undefined) return;
      if (arm.side === 'stable' || target.version === ports.canary) {
        tried(event, arm.side, target, again);
        return;
      }
      const region = ports.notTriedIn(event);
      if (region === undefined) return;
      if (ports.well(region)) noteRun(runs, region, 'canary', true);
      add(`n/canary/${region}`);
      add(`e/canary/${region}`);
    },
    jobEnded: (side, target, outcome, tookMs) => void counted(side, target, jobOutcomes[outcome], tookMs, false),
    finished: (side, share, returning) => add(`${returning ? 'k' : 'd'}/${side}/${share}`),
    truth: (side, loss, { region, share }) => addMoments(`q/${side}`, loss, `${region}/${share}`),
    mirrored: ({ made, agreed, failed }) => {
      add('s/canary/made', made);
      add('s/canary/agreed', agreed);
      add('s/canary/failed', failed);
    },
    runs: () => [...runs.values()].map(({ run }) => run),
    forgetRuns: regions => {
      for (const region of regions) runs.delete(region);
    },
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

/** A run that the next failure makes longer. */
interface OpenRun {
  readonly run: Run;
  /** Calls of stable's after its last failure: they say nothing of the time in which the canary failed. */
  readonly okSince: number;
  readonly badSince: number;
}

function noteRun(runs: Map<string, OpenRun>, region: string, side: Side, failed: boolean): void {
  const open = runs.get(region);
  if (side === 'stable') {
    if (open === undefined) return;
    const { okSince, badSince } = open;
    runs.set(region, failed ? { ...open, badSince: badSince + 1 } : { ...open, okSince: okSince + 1 });
  } else if (!failed) runs.delete(region);
  else {
    const { length = 0, stableOk = 0, stableBad = 0 } = open?.run ?? {};
    const [ok, bad] = [stableOk + (open?.okSince ?? 0), stableBad + (open?.badSince ?? 0)];
    runs.set(region, { run: { region, length: length + 1, stableOk: ok, stableBad: bad }, okSince: 0, badSince: 0 });
  }
}
