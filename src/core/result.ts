import type { Outcome } from './outcome.ts';
import type { Target } from './target.ts';

/** One event of a streamed answer. */
export interface StreamEvent {
  /** What the model wrote. */
  readonly payload: Buffer;
  /** The whole event in the bytes it came in, for callers who speak the same protocol. */
  readonly frame: Buffer;
}

/** Tokens of one call, as its own answer counts them. */
export interface Usage {
  /** Those read from or written to a prompt cache aside. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
}

/** An answer that is still being made. Its first content is there. */
export interface AnswerStream {
  /** Whose frames its events are in; `chat`: the JSON of a chat completion's chunks. */
  readonly framing: 'sagemaker' | 'bedrock' | 'chat';
  /** To be read once. Leaving early closes the upstream; the reader's pace is the upstream's. */
  readonly events: AsyncIterable<StreamEvent>;
  /** How it ended, once it did: `ok` only when it was whole. Its `answer` is absent. Never rejects. */
  readonly ended: Promise<AttemptResult>;
}

/** A whole upstream answer: bytes and the headers the wire reference allows through, lower-case. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** What a refusal (status 400 or more) says, for protocols that shape errors otherwise. */
  readonly refusal?: Refusal;
  /** Instead of `body`, which is empty then. */
  readonly stream?: AnswerStream;
}

/** A model's or its service's refusal of a call, safe to show to callers. */
export interface Refusal {
  /** Error type the service gave it. */
  readonly type: string;
  readonly message: string;
  /** The field of the request that cannot be served. */
  readonly field?: string;
  /** The container's own status and words, where the container refused. */
  readonly originalStatus?: number;
  readonly originalMessage?: string;
}

/** Why an attempt did not answer. `message` is for logs; only a caller-fault's `answer` is shown to callers. */
export interface AttemptError {
  /** AWS error type, or a local code such as `ECONNREFUSED`. */
  readonly type: string;
  readonly message: string;
  readonly retryAfterMs?: number;
}

/** Error type of an attempt given up because this process may hold no more bytes: nobody else's fault. */
export const buffersFull = 'BUFFERS_FULL';

/** Bytes that may be held; `take` is false when there is no room. */
export interface Memory {
  tryTake(bytes: number): boolean;
  give(bytes: number): void;
}

/** What one call to one target came to. Backends never throw; they return this. */
export interface AttemptResult {
  readonly outcome: Outcome;
  /** Present for `ok`, and for `caller-fault` (the upstream's own error, safe to pass on). */
  readonly answer?: Answer;
  readonly error?: AttemptError;
  /** Where the answer tells; of a stream, at its end. */
  readonly usage?: Usage;
  /** False only if no byte of the request can have reached the upstream. */
  readonly sent: boolean;
  /** Upstream time of this attempt, ms. */
  readonly durationMs: number;
  /** Of that, until the first content of a streamed answer, ms. */
  readonly firstContentMs?: number;
}

/** One finished attempt as kept in the trail and in events. */
export interface Attempt {
  readonly target: Target;
  readonly result: AttemptResult;
  readonly reason: AttemptReason;
  /** Part of its duration that was a cold start, as far as it can be told, ms; not of streams. */
  readonly setUpMs?: number;
}

/** Why the attempt was made. */
export type AttemptReason = 'first' | 'failover' | 'hedge' | 'warm' | 'probe' | 'fail-open' | 'shadow';

/** What the cache did for a request. */
export type CacheResult = 'hit' | 'miss' | 'stale' | 'coalesced' | 'bypass';
/** What kind of fallback answered, if one did. */
export type FallbackUsed = 'none' | 'stale' | 'model' | 'static';

/** What `serve` hands back to a route. Either an answer or an error, never a throw. */
export interface Served {
  readonly answer: Answer;
  /** Model that really answered (differs from the request's after a fallback to another model). */
  readonly model: string;
  readonly version?: string;
  readonly target?: Target;
  /** Public name of the target whose answer was cached. */
  readonly cachedFrom?: string;
  readonly attempts: readonly Attempt[];
  readonly cache: CacheResult;
  readonly fallback: FallbackUsed;
  /** Age of a cached answer, seconds. */
  readonly ageSeconds?: number;
  /** Milliseconds spent waiting on upstreams. */
  readonly upstreamMs: number;
}
