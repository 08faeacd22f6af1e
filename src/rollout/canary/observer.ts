import type { GatewayEvent, JobOutcome } from '../../core/events.ts';
import { isIllness, type Outcome } from '../../core/outcome.ts';
import type { DrawnCall } from '../../core/split.ts';
import type { Target } from '../../core/target.ts';
import type { Counts, MirroredCounts, Side } from './counts.ts';
import { type FailureRuns, failureRuns } from './failure-runs.ts';
import type { Run } from './look.ts';
import { createTally, type Tally, type Whose } from './tally.ts';

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
  jobEnded(side: Side, target: Target, outcome: JobOutcome, tookMs: number | undefined): void;
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

/** Whose call was seen. */
interface Seen extends Whose {
  readonly caller?: Caller | undefined;
  /** See `NotedCall`. */
  readonly rescued?: boolean;
}

const jobOutcomes = { answered: 'ok', refused: 'caller-fault', failed: 'backend-fault' } as const;

/** Nothing counted at first. */
export function observe(ports: ObserverPorts): Observer {
  const parts: Parts = { ports, tally: createTally(), runs: failureRuns() };
  const { tally, runs } = parts;
  return {
    counts: tally.counts,
    called: (event, caller) => {
      const { arm } = event;
      const target = event.attempts[0]?.target;
      if (arm?.canary !== ports.canary || target === undefined) return;
      const rescued = arm.side === 'canary' && event.outcome === 'moved';
      const seen = (region: string): Seen => ({ side: arm.side, region, group: arm.group, caller, rescued });
      if (arm.side === 'stable' || target.version === ports.canary) tried(parts, event, target, seen(target.region));
      else {
        const region = ports.notTriedIn(event);
        if (region === undefined) return;
        if (ports.well(region)) runs.note(seen(region), true);
        tally.call(seen(region), true);
      }
    },
    jobEnded: (side, target, outcome, tookMs) =>
      void counted(parts, { side, region: target.region }, { target, outcome: jobOutcomes[outcome], tookMs }),
    finished: (side, share, returning) => tally.add(`${returning ? 'k' : 'd'}/${side}/${share}`),
    truth: (loss, { arm: { side, share, group }, region }) => tally.value('q', { side, region, group }, loss, share),
    mirrored: ({ made, agreed, failed }) => {
      tally.add('s/canary/made', made);
      tally.add('s/canary/agreed', agreed);
      tally.add('s/canary/failed', failed);
    },
    runs: runs.all,
    forgetRuns: runs.forget,
  };
}

/** What an observer remembers. */
interface Parts {
  readonly ports: ObserverPorts;
  readonly tally: Tally;
  readonly runs: FailureRuns;
}

/** An attempt, or a job. */
interface Ended {
  readonly target: Target;
  readonly outcome: Outcome;
  /** Undefined where it says nothing of the version. */
  readonly tookMs: number | undefined;
}

/** Counts what ended; whether it is an answer that is compared. */
function counted({ ports, tally, runs }: Parts, seen: Seen, { target, outcome, tookMs }: Ended): boolean {
  const { side, region, caller } = seen;
  const failed = isIllness(outcome);
  if (ports.well(region) && (failed || outcome === 'ok')) runs.note(seen, failed);
  if (side === 'canary' && ports.isWarmingUp(target)) return false; // the guard of runs saw it
  if (outcome === 'misconfigured') tally.add(`m/${side}/${region}`);
  if (outcome !== 'ok' && outcome !== 'caller-fault' && !failed) return false;
  tally.call(seen, failed);
  if (outcome === 'caller-fault') tally.add(`f/${side}/${region}`);
  if (caller?.again) tally.add(`g/${side}/${region}`);
  if (caller?.again && outcome === 'caller-fault') tally.add(`h/${side}/${region}`);
  if (outcome === 'ok' && tookMs !== undefined) tally.took(seen, tookMs);
  return outcome === 'ok';
}

function tried(parts: Parts, event: VersionCalled, target: Target, seen: Seen): void {
  const { ports, tally } = parts;
  const [first] = event.attempts;
  // The fewer calls a version gets, the more of them find it cold.
  const tookMs = first?.setUpMs === undefined ? (first?.result.firstContentMs ?? first?.result.durationMs) : undefined;
  if (!counted(parts, seen, { target, outcome: firstOutcome(event), tookMs })) return;
  const usd = ports.costUsd(event, target);
  if (usd !== undefined) tally.value('$', seen, usd, event.arm?.share);
  const prediction = event.outcome === 'ok' ? ports.prediction(event) : undefined;
  if (prediction !== undefined) tally.predicted(seen, prediction);
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
