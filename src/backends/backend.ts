import type { StreamSettings } from '../core/model.ts';
import type { InferenceRequest } from '../core/request.ts';
import type { AttemptResult, Memory } from '../core/result.ts';
import type { Target } from '../core/target.ts';

/** Limits of one attempt. */
export interface AttemptLimits {
  /** The whole attempt, connect included, ms. Past it the outcome is `timeout`. */
  readonly timeoutMs: number;
  /** A longer answer is a `backend-fault`. */
  readonly maxResponseBytes: number;
  /** Where the answer's bytes are counted while it is read. */
  readonly memory: Memory;
  /** Whether sending the same call twice is harmless: only then is a call repeated whose reused connection died. */
  readonly idempotent: boolean;
  /** How a streamed answer is read; present when the request asks for one. */
  readonly stream?: StreamSettings;
  /** Aborts when the attempt is no longer wanted (caller left, hedge lost): outcome `cancelled`. */
  readonly signal: AbortSignal;
}

/** How to call one kind of target. */
export interface Backend {
  /** Signs, sends, reads the whole answer, classifies. Never rejects: whatever happens is an `AttemptResult`. */
  invoke(target: Target, request: InferenceRequest, limits: AttemptLimits): Promise<AttemptResult>;
}
