import type { Operation } from './operation.ts';
import type { Priority } from './priority.ts';

/** Who is calling. Anonymous callers exist only under `auth: none`. */
export interface Caller {
  readonly tenant: string;
  readonly keyId?: string;
  /** Models this caller may use; undefined means all. */
  readonly models?: ReadonlySet<string>;
  /** Residency classes this caller is bound to; undefined means unbound. */
  readonly residency?: ReadonlySet<string>;
  /** What this caller may do with models; undefined means everything. */
  readonly operations?: ReadonlySet<Operation>;
  /** How much its calls matter; undefined is normal. */
  readonly priority?: Priority;
}

/** Wishes a caller may send along; validated at the edge. */
export interface Hints {
  readonly timeoutMs?: number;
  readonly session?: string;
  readonly prefer?: 'latency' | 'cost' | 'balanced';
  readonly residency?: string;
  readonly region?: { readonly pin: string } | { readonly exclude: string };
  /** `none` refuses every substitute: stale, fallback model, static. */
  readonly fallback: 'any' | 'none';
  readonly cache: { readonly noCache: boolean; readonly noStore: boolean; readonly maxStaleSeconds?: number };
}

/** SageMaker's per-call routing and tracing fields, already validated against the wire limits. */
export interface InvokeFields {
  readonly contentType?: string;
  readonly accept?: string;
  readonly customAttributes?: string;
  readonly targetModel?: string;
  readonly targetVariant?: string;
  readonly targetContainerHostname?: string;
  readonly inferenceId?: string;
  readonly enableExplanations?: string;
  readonly inferenceComponent?: string;
  readonly sessionId?: string;
  readonly prefixAwareId?: string;
}

/** One call, protocol-neutral. The body stays the bytes that came in. */
export interface InferenceRequest {
  readonly id: string;
  /** Logical model name, aliases already resolved. */
  readonly model: string;
  readonly body: Buffer;
  /** Hex SHA-256 of `body`, computed once; used for signing and the cache key. */
  readonly bodySha256: string;
  readonly fields: InvokeFields;
  readonly hints: Hints;
  readonly caller: Caller;
  /** `amz-sdk-invocation-id`: stable over one SDK call's own retries. */
  readonly invocationId?: string;
  /** `attempt=` of `amz-sdk-request`; 1 for a first try. */
  readonly clientAttempt: number;
  readonly traceparent?: string;
  /** Monotonic time at which the whole request was here, ms: its deadline counts from then. */
  readonly arrivedAt: number;
  /** Whether the answer is wanted event by event, as it is made. */
  readonly streaming?: boolean;
  /** Aborts when the caller leaves. */
  readonly signal: AbortSignal;
}
