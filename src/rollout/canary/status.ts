import { totalsOf } from './evidence.ts';
import type { GuardReport } from './guards/report.ts';
import { type AuditLine, type CanaryRecord, controlledStep, shareOf } from './record.ts';
import { type CanaryState, isRunning } from './states.ts';
import { reportsOf, waitsFor } from './verdict.ts';

/** One side's numbers since the canary began, as they were compared. */
export interface SideStatus {
  readonly version: string;
  readonly calls: number;
  readonly errors: number;
  readonly callerFaults: number;
  /** The gateway's own faults there: credentials, permissions, an endpoint that is not there. */
  readonly misconfigured: number;
}

/** A canary as operators see it. */
export interface CanaryStatus {
  readonly model: string;
  readonly id: string;
  readonly state: CanaryState;
  readonly reason: string;
  /** ISO times. */
  readonly startedAt: string;
  readonly stateSince: string;
  readonly stepSince: string;
  readonly startedBy: string;
  /** Of calls that can reach it, 0 to 1. */
  readonly share: number;
  readonly step: number;
  readonly steps: readonly number[];
  readonly wave: number;
  readonly waves: readonly (readonly string[])[];
  readonly canary: SideStatus;
  readonly stable: SideStatus;
  /** Of the canary in this step, and how many it needs; in the shadow stage, mirrored ones. */
  readonly stepCalls: number;
  readonly stepNeeds: number;
  readonly bakedMs: number;
  readonly bakeMs: number;
  readonly guards: readonly GuardReport[];
  readonly waitsFor: readonly string[];
  /** Regions whose calls count for nothing now. */
  readonly degraded: readonly string[];
  readonly looks: number;
  readonly revision: number;
  readonly lastActs: readonly AuditLine[];
}

const actsShown = 5;

/** The status of a record at this time. Pure. */
export function statusOf(record: CanaryRecord, atMs: number): CanaryStatus {
  const { plan, step, evidence } = record;
  const totals = totalsOf(evidence);
  const guards = reportsOf(record);
  const shadowed = step < 0;
  const here = shadowed ? plan.shadowFirst : plan.steps[step];
  return {
    model: record.model,
    id: record.id,
    state: record.state,
    reason: record.reason,
    startedAt: new Date(record.startedAtMs).toISOString(),
    stateSince: new Date(record.stateSinceMs).toISOString(),
    stepSince: new Date(record.stepSinceMs).toISOString(),
    startedBy: record.startedBy,
    share: shareOf(record),
    step,
    steps: plan.steps.map(({ share }) => share),
    wave: record.wave,
    waves: plan.waves,
    canary: { version: record.canary, ...totals.canary },
    stable: { version: record.stable, ...totals.stable },
    stepCalls: shadowed ? (evidence.mirrored?.made ?? 0) : record.stepCalls.calls,
    stepNeeds: here?.minSample ?? 0,
    bakedMs: Math.max(
      0,
      (bakes(record.state) ? atMs : record.stateSinceMs) - (shadowed ? record.stateSinceMs : record.stepSinceMs),
    ),
    bakeMs: here?.bakeMs ?? 0,
    guards,
    waitsFor: waitsOf(record, guards, atMs),
    degraded: Object.keys(record.degraded),
    looks: record.looks,
    revision: record.revision,
    lastActs: record.audit.filter(({ act }) => act !== 'look').slice(-actsShown),
  };
}

/** What is frozen, held, paused or over bakes no more. */
function bakes(state: CanaryState): boolean {
  return state === 'stepping' || state === 'shadowing';
}

function waitsOf(record: CanaryRecord, guards: readonly GuardReport[], atMs: number): string[] {
  const { state, reason, degraded } = record;
  if (!isRunning(state)) return [];
  if (state === 'held') return [`a person, to resume, promote or abort it: ${reason}`];
  if (state === 'paused') return ['a person, to resume it'];
  if (state === 'awaiting-approval') return ['a second person, to approve it'];
  if (state === 'frozen') return [`${Object.keys(degraded).join(', ')} to be well again`];
  const again = (record.verified ?? 0) > 0 && record.step === controlledStep(record.plan);
  return [...(again ? ['this step again, as at 100 % it looked broken'] : []), ...waitsFor(record, guards, atMs)];
}
