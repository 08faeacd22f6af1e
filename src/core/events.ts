import type { ErrorCode } from './errors.ts';
import type { Priority } from './priority.ts';
import type { Caller, InferenceRequest } from './request.ts';
import type { Answer, Attempt, Served } from './result.ts';
import type { Arm, DrawnCall, DrawnJob } from './split.ts';
import type { Target } from './target.ts';

/** Breaker states, in opossum's sense: `open` refuses traffic. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/** How an attempt at a job ended: with a result, a refusal of its input, or neither. */
export type JobOutcome = 'answered' | 'refused' | 'failed';

/** The inbound protocol a caller spoke. */
export type Protocol = 'sagemaker' | 'bedrock' | 'openai' | 'open-inference' | 'tensorflow-serving' | 'v1' | 'jobs';

/** Why a target was ejected. */
export type EjectionReason = 'consecutive-failures' | 'failure-rate' | 'misconfigured' | 'failed-probe';

/** Drained: an operator took it out; evacuated: the gateway did. */
export type RegionState = 'serving' | 'evacuated' | 'drained';

/** How far a mirrored call's answer agrees with the primary's; `failed`: there was none. */
export const agreements = ['exact', 'close', 'same-label', 'different', 'unreadable', 'failed'] as const;
/** One of them. */
export type Agreement = (typeof agreements)[number];

/** Why a call was not mirrored after all. */
export const shadowDrops = ['queue-full', 'memory', 'timeout', 'no-target', 'draining'] as const;
/** One of them. */
export type ShadowDrop = (typeof shadowDrops)[number];

/** How a call went for the version first chosen; `moved`: another version had to answer. */
export type VersionOutcome = 'ok' | 'moved' | 'failed' | 'caller-fault' | 'cancelled';

/** What happened, for those who watch. Observation only: permits, counts and the breaker never depend on it. */
export type GatewayEvent =
  | {
      readonly type: 'attempt-finished';
      readonly attempt: Attempt;
      readonly request: InferenceRequest;
      readonly costUsd: number | undefined;
      readonly amortisedUsd: number | undefined;
    }
  | {
      readonly type: 'request-finished';
      readonly requestId: string;
      readonly protocol: Protocol;
      /** Canonical model name; undefined when the caller named none that exists. */
      readonly model: string | undefined;
      readonly caller: Caller | undefined;
      readonly status: number;
      readonly error: ErrorCode | undefined;
      readonly served: Served | undefined;
      readonly attempts: readonly Attempt[];
      readonly requestBytes: number;
      readonly responseBytes: number;
      readonly clientAttempt: number;
      readonly traceparent: string | undefined;
      readonly durationMs: number;
      /** Part of `durationMs` spent waiting for the caller's bytes. */
      readonly receivingMs: number;
      readonly upstreamMs: number;
    }
  | {
      /** Once per call that went to targets, shared ones once, refreshes included; of the version first chosen. */
      readonly type: 'version-called';
      readonly model: string;
      readonly version: string;
      readonly outcome: VersionOutcome;
      /** Of the running canary, if the call is part of it. */
      readonly arm: Arm | undefined;
      readonly request: InferenceRequest;
      /** At least one; whose first is of `version`, unless none of its targets could be tried. */
      readonly attempts: readonly Attempt[];
      /** Of a model, whole: absent when the call failed, and for streams. */
      readonly answer: Answer | undefined;
    }
  | {
      /** A mirrored call was made, and its answer held against the primary's. */
      readonly type: 'shadow-compared';
      readonly model: string;
      /** The one that got the copy. */
      readonly version: string;
      readonly requestId: string;
      readonly agreement: Agreement;
      /** Between the numbers of both answers, absolute; empty where they were not read. */
      readonly differences: readonly number[];
    }
  | { readonly type: 'shadow-dropped'; readonly model: string; readonly version: string; readonly reason: ShadowDrop }
  | {
      /** What really happened was told for an earlier answer of this version. */
      readonly type: 'truth-joined';
      readonly model: string;
      readonly version: string;
      readonly inferenceId: string;
      readonly predicted: number | string;
      readonly truth: number | string;
      /** Of a call whose caller is bound to a residency class that is watched by itself. */
      readonly scope?: string;
      /** Of a call that was part of a canary, with the first truth of it: those of one call are alike. */
      readonly drawn?: DrawnCall;
    }
  | {
      /** A canary went on, was held, ended: `from` is undefined for a new one, `to` of the rollout's states. */
      readonly type: 'canary-changed';
      readonly model: string;
      readonly id: string;
      readonly stable: string;
      readonly canary: string;
      readonly from: string | undefined;
      readonly to: string;
      /** Of calls, 0 to 1. */
      readonly share: number;
      /** An operator, `gateway`, or an episode. */
      readonly by: string;
      readonly reason: string;
    }
  | {
      /** A window of a model's traffic, or of its ground truth, was compared with the baseline. */
      readonly type: 'drift-judged';
      readonly model: string;
      readonly version: string;
      /** Whose calls were judged: those of callers bound to a residency class. Absent: `all`. */
      readonly scope?: string;
      readonly monitor: 'features' | 'prediction' | 'data-quality' | 'performance';
      /** Of the baseline; undefined where the whole is judged. */
      readonly feature: string | undefined;
      readonly statistic: string;
      readonly value: number;
      /** Drifted: above the high mark, with significance and sample enough; clear: below the low mark. */
      readonly level: 'clear' | 'between' | 'drifted' | 'too-few';
      /** Records in the window. */
      readonly sample: number;
      /** Wall-clock end of the window, ms. */
      readonly windowEndsAt: number;
      /** Absent: tumbling. `stream`: no window, but what came so far, value by value. */
      readonly window?: 'tumbling' | 'sliding' | 'stream';
      /** A region was out for some of the window, so that its mix of calls is not the usual. */
      readonly disturbed?: boolean;
    }
  | {
      /** An approved package became a version of weight 0. */
      readonly type: 'version-registered';
      readonly model: string;
      readonly version: string;
      readonly packageArn: string;
      readonly by: string;
    }
  | {
      /** An episode began, went on, ended: `from` is undefined for a new one; states are those of retraining. */
      readonly type: 'episode-changed';
      readonly model: string;
      readonly id: string;
      /** `all`, or a residency class. */
      readonly scope: string;
      readonly from: string | undefined;
      readonly to: string;
      /** An operator, a hook's token, `evaluator` or `gateway`. */
      readonly by: string;
      readonly reason: string;
      /** That drifted. */
      readonly version: string | undefined;
      /** Of the pipeline that was started, if one was. */
      readonly execution: { readonly region: string; readonly arn: string } | undefined;
    }
  | {
      /** One try of something that retrains. */
      readonly type: 'retrain-action';
      readonly model: string;
      readonly episode: string;
      readonly action: 'pipeline' | 'event' | 'webhook';
      readonly region: string | undefined;
      /** `retried`: again later; `moved`: in another region. */
      readonly result: 'done' | 'retried' | 'moved' | 'failed';
      readonly detail: string;
    }
  /** Of an alert that Alertmanager posted. */
  | { readonly type: 'alert-received'; readonly result: 'opened' | 'added' | 'ignored' }
  | {
      /** What stands behind an unchanged endpoint name is another build than before. */
      readonly type: 'build-changed';
      readonly target: Target;
      readonly detail: string;
      /** Names the build: the same on every replica that notices it. */
      readonly build: string;
      /** Wall-clock ms; undefined where the control plane did not tell. */
      readonly deployedAtMs: number | undefined;
    }
  | {
      readonly type: 'breaker-changed';
      readonly target: Target;
      readonly from: BreakerState;
      readonly to: BreakerState;
    }
  | {
      readonly type: 'target-ejected';
      readonly target: Target;
      readonly reason: EjectionReason;
      readonly forMs: number;
      readonly detail: string;
    }
  | { readonly type: 'region-changed'; readonly region: string; readonly from: RegionState; readonly to: RegionState }
  | { readonly type: 'stale-consulted'; readonly model: string; readonly covered: boolean }
  | { readonly type: 'retry-refused'; readonly model: string; readonly what: 'retry' | 'hedge' }
  | {
      readonly type: 'job-changed';
      readonly id: string;
      readonly tenant: string;
      readonly model: string;
      /** Of `JobState`; undefined for a job that is new. */
      readonly from: string | undefined;
      readonly to: string;
      /** Of the attempt it is about. */
      readonly region: string | undefined;
      /** Since it was accepted, ms. */
      readonly ageMs: number;
      readonly detail: string | undefined;
      /** What the endpoint made of the attempt that is over; undefined where it is not, or its region was emptied. */
      readonly outcome?: JobOutcome;
      /** The attempt's place in a canary's experiment, and its target's public name. */
      readonly drawn?: DrawnJob & { readonly target: string };
    }
  | {
      readonly type: 'batch-changed';
      readonly id: string;
      readonly tenant: string;
      readonly model: string;
      /** Of `BatchState`; undefined for a batch that is new. */
      readonly from: string | undefined;
      readonly to: string;
      /** Of the newest attempt. */
      readonly region: string | undefined;
      /** Since it was accepted, ms. */
      readonly ageMs: number;
      readonly detail: string | undefined;
    }
  | {
      /** A region's instances worked on a batch, and are let go of. */
      readonly type: 'batch-charged';
      readonly id: string;
      readonly tenant: string;
      readonly model: string;
      readonly region: string;
      readonly costUsd: number;
    }
  | {
      /** A caller asked for a job or batch, for a job's result, or to remove one. */
      readonly type: 'work-asked';
      readonly requestId: string;
      readonly kind: 'job' | 'batch';
      readonly what: 'look' | 'result' | 'remove';
      /** As the caller wrote it. */
      readonly id: string;
      /** Undefined when the caller was not let in. */
      readonly tenant: string | undefined;
      readonly status: number;
      readonly error: ErrorCode | undefined;
      readonly durationMs: number;
    }
  | {
      /** Refused, or left without a retry, in favour of more important calls. */
      readonly type: 'call-shed';
      readonly model: string;
      readonly priority: Priority;
      readonly why: 'capacity' | 'retries' | 'memory';
    }
  | {
      /** Of a limit of the config's: `observed` would have been refused. */
      readonly type: 'limit-decided';
      readonly tenant: string;
      readonly limit: 'rate' | 'concurrency' | 'budget';
      readonly result: 'allowed' | 'limited' | 'observed';
    }
  /** A rate that replicas share was decided by this one alone. */
  | { readonly type: 'limit-decided-alone'; readonly tenant: string }
  | { readonly type: 'redis-changed'; readonly up: boolean; readonly detail: string }
  | { readonly type: 'config-reloaded'; readonly ok: boolean; readonly hash: string; readonly detail: string }
  | { readonly type: 'credentials-changed'; readonly identity: string; readonly ok: boolean; readonly detail: string };

/** Hears of every event; may throw. */
export type Listener = (event: GatewayEvent) => void;
/** Tells every listener; never throws. */
export type Emit = (event: GatewayEvent) => void;

/**
 * Calls the listeners in their literal order, as the list is at the time. One that throws is handed to `onListenerError`
 * and the rest still run.
 */
export function eventBus(listeners: () => readonly Listener[], onListenerError: (error: unknown) => void): Emit {
  return event => {
    for (const listener of listeners()) {
      try {
        listener(event);
      } catch (error) {
        onListenerError(error);
      }
    }
  };
}
