import type { Priority } from './priority.ts';
import type { Target } from './target.ts';
import type { TensorMapping } from './tensors.ts';
import type { Transform } from './transform.ts';

/** Routing policies, as the config names them. */
export const policyNames = [
  'lowest-latency',
  'lowest-cost',
  'cheapest-within-slo',
  'balanced',
  'weighted',
  'ordered',
] as const;
/** One of `policyNames`. */
export type PolicyName = (typeof policyNames)[number];

/** What stands in when no target answers, in the order it is tried. */
export type FallbackStep =
  | { readonly kind: 'stale' }
  | { readonly kind: 'model'; readonly model: string }
  | { readonly kind: 'static'; readonly contentType: string; readonly body: Buffer };

/** How long answers are fresh, and how long they are of use after that. */
export interface CacheSettings {
  readonly freshSeconds: number;
  readonly staleIfErrorSeconds: number;
  readonly staleWhileRevalidateSeconds: number;
}

/** The clocks of a streamed answer, ms, and what may be done to save one that is cut early. */
export interface StreamSettings {
  /** For a new connection. */
  readonly connectMs: number;
  /** From sending to the head of the answer. */
  readonly firstByteMs: number;
  /** From sending to the first content. */
  readonly firstContentMs: number;
  /** Between two events. */
  readonly idleMs: number;
  /** For the whole stream. */
  readonly totalMs: number;
  /** `restart` holds the beginning back, so that a cut within it can be moved; `buffered` holds everything. */
  readonly rescue: 'none' | 'restart' | 'buffered';
  /** How much `restart` holds back at most, and how long. */
  readonly window: { readonly bytes: number; readonly ms: number };
}

/** Calls mirrored to another version: to whom, how many, within which bounds, and what counts as the same answer. */
export interface ShadowSettings {
  /** Undefined: only what a canary asks for is mirrored. */
  readonly version?: string;
  /** Of calls that can be mirrored, 0 to 1. */
  readonly share: number;
  /** Under way at once, per replica. */
  readonly maxConcurrency: number;
  /** Waiting at most, per replica. */
  readonly queue: number;
  /** From the primary's answer to the shadow's, ms. */
  readonly timeoutMs: number;
  readonly compare: ShadowTolerance;
}

/** When a mirrored answer counts as the same. */
export interface ShadowTolerance {
  readonly absolute: number;
  /** As a share of the primary's prediction. */
  readonly relative: number;
  /** Numbers from here on are one label, those below the other. */
  readonly threshold?: number;
  /** Longer answers are compared byte by byte alone. */
  readonly maxBytes: number;
}

/** One build of a model. `weight` is its share among versions that have an eligible target for a request. */
export interface Version {
  readonly name: string;
  readonly weight: number;
  readonly targets: readonly Target[];
  /** Where batches of it can run; none unless the config names some. */
  readonly transforms?: readonly Transform[];
}

/** How approved packages of a model registry become versions. `{number}` in texts is the package's version. */
export interface NewVersions {
  readonly packageGroup: string;
  readonly name: string;
  readonly endpoint: string;
  readonly variant?: string | undefined;
  /** How many are kept beside those in use. */
  readonly keep: number;
  /** Whether a new version's canary starts by itself. */
  readonly canary: boolean;
}

/** A model with every default filled in: what the request path consumes. Immutable; a reload makes a new one. */
export interface Model {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly owner: string | undefined;
  /** Whether callers without this model on their key may still get it as another model's fallback. */
  readonly publicFallback: boolean;
  readonly idempotent: boolean;
  /** Joined with the tenant's: see `priorityOf`. */
  readonly priority: Priority;
  readonly slo: { readonly latencyMs: number; readonly availability: number };
  readonly deadlineMs: number;
  /** Status answered when every target was tried in vain; 530 is one that AWS SDKs do not retry. */
  readonly exhaustedStatus: 503 | 530;
  readonly maxRequestBytes: number;
  readonly maxResponseBytes: number;
  readonly policy: PolicyName;
  /** 0 ranks by latency alone, 1 by cost alone (policy `balanced`). */
  readonly costWeight: number;
  /** Residency classes allowed; undefined means any. */
  readonly residency: ReadonlySet<string> | undefined;
  /** Share of all calls sent to targets that would otherwise get none, 0 to 1. */
  readonly warmShare: number;
  /** Whether the warm share may wake serverless targets, which costs. */
  readonly warmServerless: boolean;
  /** Whether the tenant keys the version split when a call has no session or inference id. */
  readonly splitByTenant: boolean;
  readonly hedging: boolean;
  readonly stream: StreamSettings;
  readonly cache: CacheSettings | undefined;
  readonly fallback: readonly FallbackStep[];
  /** Whether callers may name a production variant or an inference component themselves. */
  readonly callerMayName: { readonly variant: boolean; readonly component: boolean };
  /** How tensors of the Open Inference Protocol become the model's own JSON. */
  readonly tensors: TensorMapping | undefined;
  readonly newVersions: NewVersions | undefined;
  /** A payload that is safe to send as a health probe. */
  readonly sample: { readonly contentType: string; readonly body: Buffer } | undefined;
  readonly shadow: ShadowSettings;
  /** Limits the short queue in front of full targets, ms. */
  readonly queueMs: number;
  /** Best first by weight is not implied: order is the config's. */
  readonly versions: readonly Version[];
}
