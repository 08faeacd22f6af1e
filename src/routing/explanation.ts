import type { BreakerState } from '../core/events.ts';
import type { PolicyName } from '../core/model.ts';
import type { Operation } from '../core/operation.ts';
import type { Target } from '../core/target.ts';
import type { Exclusion } from './router.ts';

/** The call to explain; everything left out is as in a plain call. */
export interface ExplainQuery {
  readonly bodyBytes?: number;
  readonly streaming?: boolean;
  /** Default `invoke`. */
  readonly operation?: Operation;
  /** Default: whether every target of the model queues. */
  readonly queued?: boolean;
  readonly prefer?: 'latency' | 'cost' | 'balanced';
  readonly residency?: string;
  readonly region?: { readonly pin: string } | { readonly exclude: string };
  readonly targetModel?: string;
  readonly targetVariant?: string;
  readonly inferenceComponent?: string;
  /** Residency classes the caller's key is bound to. */
  readonly keyResidency?: ReadonlySet<string>;
}

/** One row of an explanation: numbers as routing sees them, times in ms. */
export interface ExplainedTarget {
  readonly target: string;
  readonly region: string;
  readonly residency: string;
  readonly kind: Target['kind'];
  /** 1 is tried first; null when it is no candidate. */
  readonly place: number | null;
  /** Share of this version's calls that go there first, 0 to 1, the warm share aside. */
  readonly firstChoice: number;
  readonly excluded: Exclusion | null;
  readonly breaker: BreakerState;
  readonly ejectedForMs: number;
  readonly inFlight: number;
  /** Calls this replica may have in flight there. */
  readonly slots: number;
  readonly share: number;
  /** Expected time of a call, set-up as far as likely, ms. */
  readonly expectedMs: number;
  readonly p95Ms: number;
  readonly samples: number;
  readonly failureShare: number;
  readonly warmth: number;
  readonly setupMs: number;
  /** Marginal cost of a million such calls; null when the price is unknown. */
  readonly usdPerMillion: number | null;
  readonly maxRequestBytes: number;
  /** In words: why it stands where it stands, or why it is out. */
  readonly why: readonly string[];
}

/** The rows of one version, and its share of this call's like. */
export interface ExplainedVersion {
  readonly version: string;
  readonly weight: number;
  /** Share of such calls that choose it, 0 to 1. */
  readonly share: number;
  readonly targets: readonly ExplainedTarget[];
}

/** A version that gets copies of a model's calls, and of how many of those that can be mirrored, 0 to 1. */
export interface ExplainedMirror {
  readonly version: string;
  readonly share: number;
}

/** What routing would do with such a call now, and why. */
export interface Explanation {
  readonly model: string;
  readonly policy: PolicyName;
  readonly rule: string;
  readonly sloMs: number;
  readonly deadlineMs: number;
  readonly warmShare: number;
  readonly versions: readonly ExplainedVersion[];
  /** Told by who mirrors; absent from what routing alone explains. */
  readonly mirrored?: readonly ExplainedMirror[];
  /** Of the version on trial, or promoted, in words. */
  readonly canary?: string;
}
