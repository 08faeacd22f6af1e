import type { Listener } from '../../core/events.ts';
import type { Model } from '../../core/model.ts';
import type { InferenceRequest } from '../../core/request.ts';
import type { DrawnCall, DrawnJob } from '../../core/split.ts';
import type { Target } from '../../core/target.ts';
import { isReturning, splitKey } from '../split.ts';
import type { Side } from './counts.ts';
import { followJobs, isFollowed } from './followed-jobs.ts';
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

/** A call between its choice and its end. */
interface Pending {
  readonly trial: Trial;
  readonly side: Side;
  readonly share: number;
  readonly key: string | undefined;
  readonly returning: boolean;
}

/** Calls that never end, such as those of jobs, are forgotten when so many came after them. */
const mostPending = 20_000;
const urgentRun = 5;
/** A look is a write on disk and in Redis: not one for each failure of a version that does nothing else. */
const hurryMs = 100;

/** @param view the model's canary as it stands now */
export function createTrials(ports: CanaryPorts, view: (model: string) => CanaryRecord | undefined): Trials {
  const trials = new Map<string, Trial>();
  const pending = new Map<string, Pending>();
  const jobs = followJobs(ports.clock);
  const costs = new WeakMap<object, Map<Target, number>>();
  let urgent: (model: string) => void = () => {};

  const of: Trials['of'] = record => {
    const known = record === undefined ? undefined : trials.get(record.model);
    if (record === undefined || !isRunning(record.state)) {
      if (record !== undefined && known !== undefined) end(record.model, known);
      return undefined;
    }
    const trial =
      known?.id === countedAs(record)
        ? known
        : startTrial(ports, record, () => current(record.id, record.model), costs);
    if (trial !== known) {
      if (known !== undefined) end(record.model, known);
      trials.set(record.model, trial);
    }
    // What failed in a region before it was known to be ill was not the canary's doing either.
    trial.observer.forgetRuns(Object.keys(record.degraded));
    followShadow(ports, trial, record);
    return trial;
  };
  const current = (id: string, model: string) => {
    const record = view(model);
    return record?.id === id ? record : undefined;
  };
  const end = (model: string, trial: Trial) => {
    trial.shadow?.stop();
    trials.delete(model);
  };
  const finished = (requestId: string, left: boolean) => {
    const call = pending.get(requestId);
    if (call === undefined) return;
    pending.delete(requestId);
    // A caller who gave up is what a version that does not answer looks like.
    if (!left) countFinished(call.trial, call);
  };
  return {
    of,
    due: record =>
      of(record) !== undefined &&
      record !== undefined &&
      ports.clock.wallMs() - record.lookedAtMs >= record.plan.lookEveryMs,
    chosen: (record, model, request, side) => {
      const trial = of(record);
      if (trial === undefined || pending.has(request.id)) return;
      const [key, returning] = [splitKey(model, request), isReturning(model, request)];
      pending.set(request.id, { trial, side, share: shareOf(record), key, returning });
      if (pending.size <= mostPending) return;
      const [oldest] = pending.keys();
      if (oldest !== undefined) pending.delete(oldest);
    },
    hear: event => {
      switch (event.type) {
        case 'attempt-finished': {
          const { attempt, request, costUsd } = event;
          if (costUsd === undefined || !trials.has(attempt.target.model)) return;
          const known = costs.get(request) ?? new Map<Target, number>();
          if (!known.has(attempt.target)) known.set(attempt.target, costUsd);
          costs.set(request, known);
          return;
        }
        case 'version-called': {
          const trial = event.arm === undefined ? undefined : of(view(event.model));
          if (trial === undefined) return;
          if (isFollowed(event)) return jobs.taken(event, trial.id);
          const call = pending.get(event.request.id);
          const key = call?.returning === true ? call.key : undefined;
          trial.observer.called(event, call && { key, again: comesAgain(trial, call) });
          const failing = trial.observer.runs().some(({ length }) => length >= urgentRun);
          if (event.outcome === 'ok' || event.arm?.side !== 'canary' || !failing) return;
          if (ports.clock.now() - trial.hurriedAt < hurryMs) return;
          trial.hurriedAt = ports.clock.now();
          return urgent(event.model);
        }
        case 'job-changed': {
          const job = jobs.ended(event, ports.model(event.model));
          const trial = job && of(view(event.model));
          if (event.outcome === undefined || job === undefined || trial?.id !== job.trial) return;
          trial.observer.jobEnded(job.side, job.target, event.outcome, job.tookMs);
          return finished(event.id, false);
        }
        case 'truth-joined': {
          const record = view(event.model);
          const { drawn } = event;
          if (record === undefined || drawn === undefined || !isOfTrial(record, event.version, drawn)) return;
          of(record)?.observer.truth(lossOf(event), drawn);
          return;
        }
        case 'request-finished':
          return finished(event.requestId, event.error === 'client-closed');
        default:
          return;
      }
    },
    drawnJob: jobs.drawn,
    onUrgent: run => {
      urgent = run;
    },
    stop: () => {
      for (const [model, trial] of trials) end(model, trial);
    },
  };
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
