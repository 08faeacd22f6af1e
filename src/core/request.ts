import type { Operation, Permission } from './operation.ts';
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
  readonly operations?: ReadonlySet<Permission>;
  /** How much its calls matter; undefined is normal. */
  readonly priority?: Priority;
}

/** Wishes a caller may send along; validated at the edge. */
export interface Hints {
  readonly timeoutMs?: number;
  readonly session?: string;
  /** The only version that may answer. */
  readonly version?: string;
  readonly prefer?: 'latency' | 'cost' | 'balanced';
  readonly residency?: string;
  readonly region?: { readonly pin: string } | { readonly exclude: string };
  /** `none` refuses every substitute: stale, fallback model, static. */
  readonly fallback: 'any' | 'none';
  readonly cache: { readonly noCache: boolean; readonly noStore: boolean; readonly maxStaleSeconds?: number };
}

/** Headers of the AWS operations that are passed on, already validated against the wire limits. */
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
  readonly guardrailIdentifier?: string;
  readonly guardrailVersion?: string;
  readonly performanceLatency?: string;
  readonly requestMetadata?: string;
  readonly serviceTier?: string;
  readonly trace?: string;
  /** Of asynchronous calls only, as are the rest: where the caller's input is. */
  readonly inputLocation?: string;
  readonly outputPathExtension?: string;
  readonly filename?: string;
  readonly requestTtlSeconds?: string;
  readonly invocationTimeoutSeconds?: string;
}

/** What an asynchronous call has beside the rest. */
export interface QueuedCall {
  /** A job's: `job-changed` tells what became of it. Of others nothing is heard after their receipt. */
  readonly followed?: boolean;
  /** Where the input is, `s3://…`, by region: no other region can serve it. Absent when the body is the input. */
  readonly inputs?: ReadonlyMap<string, string>;
}

/** One call, protocol-neutral. The body stays the bytes that came in. */
export interface InferenceRequest {
  readonly id: string;
  /** Logical model name, aliases already resolved. */
  readonly model: string;
  readonly operation: Operation;
  readonly body: Buffer;
  /** `body` as JSON, for operations that are translated. */
  readonly json?: Readonly<Record<string, unknown>>;
  /** `body` is another form of `json`, which only the gateway reads. */
  readonly binary?: true;
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
  /** Present when the call is to be queued, and its answer only says where the result will be. */
  readonly queued?: QueuedCall;
  /** Aborts when the caller leaves. */
  readonly signal: AbortSignal;
}
