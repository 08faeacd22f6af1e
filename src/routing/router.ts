import type { Model, Version } from '../core/model.ts';
import type { InferenceRequest } from '../core/request.ts';
import type { Target } from '../core/target.ts';

/** What is believed about a target now. Unmeasured targets are assumed slow, never fast. */
export interface Estimate {
  /** Peak EWMA of upstream time, ms, failures charged; without in-flight. */
  readonly latencyMs: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly samples: number;
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
  /** Half-open: one request may try it, if another candidate stands behind. */
  readonly trial: boolean;
}

/** Why a target is not a candidate. The first three are hard (never opened); the rest are health's. */
export type Exclusion =
  | 'residency'
  | 'pinned-elsewhere'
  | 'region-excluded'
  | 'body-too-large'
  | 'needs-target-model'
  | 'other-variant'
  | 'other-component'
  | 'drained'
  | 'evacuated'
  | 'ejected'
  | 'throttled'
  | 'full';

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
  order(candidates: readonly Candidate[], model: Model, request: InferenceRequest): readonly Candidate[];
}

/** What the request path sees of routing. */
export interface Router {
  route(model: Model, version: Version, request: InferenceRequest): Route;
  /** Versions with at least one target that this request may ever use (residency, pins, size), whatever its health. */
  reachable(model: Model, request: InferenceRequest): readonly Version[];
  estimate(target: Target): Estimate;
}
