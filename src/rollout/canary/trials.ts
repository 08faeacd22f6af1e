import type { GatewayEvent, Listener } from '../../core/events.ts';
import type { Model } from '../../core/model.ts';
import type { InferenceRequest } from '../../core/request.ts';
import type { DrawnCall, DrawnJob } from '../../core/split.ts';
import type { Target } from '../../core/target.ts';
import { isReturning, splitKey } from '../split.ts';
import type { Side } from './counts.ts';
import { type FollowedJobs, followJobs, isFollowed } from './followed-jobs.ts';
import type { VersionCalled } from './observer.ts';
import { type PendingCalls, pendingCalls } from './pending-calls.ts';
import type { CanaryPorts } from './ports.ts';
import { type CanaryRecord, countedAs, shareOf } from './record.ts';
import { isRunning } from './states.ts';
import { comesAgain, countFinished, lossOf, startTrial, type Trial } from './trial.ts';

/** What this process counts of the canaries that run. */
export interface Trials {
  /** That of a running canary; undefined for one that has ended. */
  of(record: CanaryRecord | undefined): Trial | undefined;
  due(record: CanaryRecord | undefined): boolean;
  /** A call was given to a side. */
  chosen(record: CanaryRecord, model: Model, request: InferenceRequest, side: Side): void;
  readonly hear: Listener;
  /** As `Canaries.drawnJob`. */
  drawnJob(id: string): DrawnJob | undefined;
  /** Called when a canary should be looked at at once. */
  onUrgent(run: (model: string) => void): void;
  stop(): void;
}

const urgentRun = 5;
/** A look is a write on disk and in Redis: not one for each failure of a version that does nothing else. */
const hurryMs = 100;

/** What is remembered between events. */
interface Parts {
  readonly ports: CanaryPorts;
  readonly trials: Map<string, Trial>;
  readonly pending: PendingCalls;
  readonly jobs: FollowedJobs;
  /** By request: what its attempts cost. */
  readonly costs: WeakMap<object, Map<Target, number>>;
  /** The model's canary as it stands now. */
  readonly view: (model: string) => CanaryRecord | undefined;
  urgent: (model: string) => void;
}

/** @param view the model's canary as it stands now */
export function createTrials(ports: CanaryPorts, view: (model: string) => CanaryRecord | undefined): Trials {
  const parts: Parts = {
    ...{ ports, view, trials: new Map(), pending: pendingCalls(), jobs: followJobs(ports.clock), costs: new WeakMap() },
    urgent: () => {},
  };
  const { trials, pending } = parts;
  return {
    of: record => trialOf(parts, record),
    due: record =>
      record !== undefined &&
      trialOf(parts, record) !== undefined &&
      ports.clock.wallMs() - record.lookedAtMs >= record.plan.lookEveryMs,
    chosen: (record, model, request, side) => {
      const trial = trialOf(parts, record);
      if (trial === undefined || pending.has(request.id)) return;
      const [key, returning] = [splitKey(model, request), isReturning(model, request)];
      pending.add(request.id, { trial, side, share: shareOf(record), key, returning });
    },
    hear: event => hear(parts, event),
    drawnJob: parts.jobs.drawn,
    onUrgent: run => {
      parts.urgent = run;
    },
    stop: () => {
      for (const [model, trial] of trials) end(parts, model, trial);
    },
  };
}

function trialOf(parts: Parts, record: CanaryRecord | undefined): Trial | undefined {
  if (record === undefined) return undefined;
  const { ports, trials, costs, view } = parts;
  const { id, model } = record;
  const known = trials.get(model);
  if (!isRunning(record.state)) {
    if (known !== undefined) end(parts, model, known);
    return undefined;
  }
  const current = () => {
    const now = view(model);
    return now?.id === id ? now : undefined;
  };
  const trial = known?.id === countedAs(record) ? known : startTrial(ports, record, current, costs);
  if (trial !== known) {
    if (known !== undefined) end(parts, model, known);
    trials.set(model, trial);
  }
  // What failed in a region before it was known to be ill was not the canary's doing either.
  trial.observer.forgetRuns(Object.keys(record.degraded));
  followShadow(ports, trial, record);
  return trial;
}

function end({ trials }: Parts, model: string, trial: Trial): void {
  trial.shadow?.stop();
  trials.delete(model);
}

function hear(parts: Parts, event: GatewayEvent): void {
  switch (event.type) {
    case 'attempt-finished': {
      const { attempt, request, costUsd } = event;
      if (costUsd === undefined || !parts.trials.has(attempt.target.model)) return;
      const known = parts.costs.get(request) ?? new Map<Target, number>();
      if (!known.has(attempt.target)) known.set(attempt.target, costUsd);
      parts.costs.set(request, known);
      return;
    }
    case 'version-called':
      called(parts, event);
      return;
    case 'job-changed':
      jobChanged(parts, event);
      return;
    case 'truth-joined': {
      const record = parts.view(event.model);
      const { drawn } = event;
      if (record === undefined || drawn === undefined || !isOfTrial(record, event.version, drawn)) return;
      trialOf(parts, record)?.observer.truth(lossOf(event), drawn);
      return;
    }
    case 'request-finished':
      finished(parts, event.requestId, event.error === 'client-closed');
      return;
    default:
      return;
  }
}

function called(parts: Parts, event: VersionCalled): void {
  const { ports, jobs, pending } = parts;
  const trial = event.arm === undefined ? undefined : trialOf(parts, parts.view(event.model));
  if (trial === undefined) return;
  if (isFollowed(event)) {
    jobs.taken(event, trial.id);
    return;
  }
  const call = pending.of(event.request.id);
  const key = call?.returning === true ? call.key : undefined;
  trial.observer.called(event, call && { key, again: comesAgain(trial, call) });
  const failing = trial.observer.runs().some(({ length }) => length >= urgentRun);
  if (event.outcome === 'ok' || event.arm?.side !== 'canary' || !failing) return;
  if (ports.clock.now() - trial.hurriedAt < hurryMs) return;
  trial.hurriedAt = ports.clock.now();
  parts.urgent(event.model);
}

function jobChanged(parts: Parts, event: Extract<GatewayEvent, { type: 'job-changed' }>): void {
  const job = parts.jobs.ended(event, parts.ports.model(event.model));
  const trial = job && trialOf(parts, parts.view(event.model));
  if (event.outcome === undefined || job === undefined || trial?.id !== job.trial) return;
  trial.observer.jobEnded(job.side, job.target, event.outcome, job.tookMs);
  finished(parts, event.id, false);
}

/** @param left whether its caller gave up, as those of a version that does not answer do: it is not counted */
function finished({ pending }: Parts, requestId: string, left: boolean): void {
  const call = pending.take(requestId);
  if (call !== undefined && !left) countFinished(call.trial, call);
}

/**
 * Whether the truth of such a call, answered by this version, is evidence: truths come late, and calls of before the
 * canary, of another one, or of a former build say nothing. One of the canary's that stable answered is no answer of it.
 */
function isOfTrial(record: CanaryRecord, version: string, { arm, answeredAtMs }: DrawnCall): boolean {
  if (arm.canary !== record.canary || answeredAtMs < (record.eraSinceMs ?? record.startedAtMs)) return false;
  return (arm.side === 'canary') === (version === record.canary);
}

/** Copies are asked for as long as the canary gets nothing else. */
function followShadow(ports: CanaryPorts, trial: Trial, { state, model, canary, plan }: CanaryRecord): void {
  const wanted = state === 'shadowing' ? plan.shadowFirst : undefined;
  if (wanted !== undefined && trial.shadow === undefined) {
    trial.shadow = ports.shadow(model, canary, wanted.share);
    trial.mirrored = trial.shadow.agreement(); // the config may have had it mirrored before
  } else if (wanted === undefined && trial.shadow !== undefined) {
    trial.shadow.stop();
    trial.shadow = undefined;
  }
}
