import type { Model, Version } from '../core/model.ts';
import type { InferenceRequest } from '../core/request.ts';
import type { Target } from '../core/target.ts';

/** The part of a request that routing looks at; `explain` makes one without a body. */
export type RoutedRequest = Pick<
  InferenceRequest,
  'operation' | 'fields' | 'hints' | 'caller' | 'streaming' | 'queued'
> & {
  readonly body: { readonly length: number };
};

/** What is believed about a target now. Unmeasured targets are assumed slow, never fast. */
export interface Estimate {
  /** Peak EWMA of upstream time, ms, failures charged; without in-flight and set-up. */
  readonly latencyMs: number;
  /** Quantiles of answers alone: set-up and fast errors are not in them. */
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** Answers behind the quantiles; 0 means unmeasured. */
  readonly samples: number;
  /** Share of recent calls that failed, 0 to 1; fades with time. */
  readonly failureShare: number;
  /** Probability that the next call finds it warm, 0 to 1; 1 for always-on kinds. */
  readonly warmth: number;
  /** Expected set-up time if cold, ms. */
  readonly setupMs: number;
}

/** A target that may serve this request, with what the policy saw. */
export interface Candidate {
  readonly target: Target;
  readonly estimate: Estimate;
  /** Calls in flight from this replica. */
  readonly inFlight: number;
  /** Share of ordinary traffic it should get, 0 to 1. */
  readonly share: number;
  /** Marginal cost of this call, USD; undefined when no price is known. */
  readonly costUsd: number | undefined;
  /**
   * Half-open: one request may try it, if another candidate stands behind. The router puts it first, but last for
   * calls of a session; whoever takes the trial permit makes the try, everyone else goes on to the next.
   */
  readonly trial: boolean;
}

/** Why a target is not a candidate. From `drained` on they are health's; the others are hard: never opened. */
export type Exclusion =
  | 'residency'
  | 'pinned-elsewhere'
  | 'region-excluded'
  | 'body-too-large'
  | 'other-operation'
  | 'no-streaming'
  | 'only-queued'
  | 'no-queue'
  | 'input-elsewhere'
  | 'needs-target-model'
  | 'other-target-model'
  | 'other-variant'
  | 'other-component'
  | 'drained'
  | 'evacuated'
  | 'ejected'
  | 'throttled'
  | 'reserved'
  | 'full';

/** A target that may not serve this call now, and why. */
export interface Excluded {
  readonly target: Target;
  readonly why: Exclusion;
}

/** The routed order for one request and version. */
export interface Route {
  /** Best first; a retry takes the next. */
  readonly candidates: readonly Candidate[];
  readonly excluded: readonly Excluded[];
  /** Set when the first candidate was chosen to keep it warm, not because it is best. */
  readonly warm: boolean;
}

/** A policy puts candidates in order. One method, one file each, one line in `policies/registry.ts`. */
export interface Policy {
  /** What it ranks by, in a line, for `explain`. */
  readonly rule: string;
  /** A permutation of `candidates`, best first. Sees no half-open ones, and leaves shedding (`share`) to the router. */
  order(candidates: readonly Candidate[], model: Model, request: RoutedRequest): readonly Candidate[];
}

/** What the request path sees of routing. */
export interface Router {
  route(model: Model, version: Version, request: RoutedRequest): Route;
  /** Whether `route` would find a candidate now. Only looks: no warm call is spent, no policy asked. */
  hasCandidates(model: Model, version: Version, request: RoutedRequest): boolean;
  /** Versions with at least one target that this request may ever use (residency, pins, size), whatever its health. */
  reachable(model: Model, request: RoutedRequest): readonly Version[];
  /** Whether this request may ever use this target, whatever its health. */
  mayEverServe(model: Model, target: Target, request: RoutedRequest): boolean;
  estimate(target: Target): Estimate;
}
