import type { IncomingHttpHeaders } from 'node:http';
import type { Memory } from '../core/result.ts';
import type { IncomingBytes } from './incoming-bytes.ts';

/** One HTTP call. */
export interface TransportCall {
  /** Calls with the same key share connections. */
  readonly poolKey: string;
  /** `scheme://host[:port]`. */
  readonly origin: string;
  readonly method: 'POST' | 'GET';
  readonly path: string;
  /** Name, value, name, value…; `host` included. */
  readonly headers: string[];
  readonly body: Buffer;
  /** For everything, connecting included, ms. */
  readonly timeoutMs: number;
  readonly maxResponseBytes: number;
  /** Counts the answer's bytes until it is handed on. */
  readonly memory: Memory;
  readonly idempotent: boolean;
  readonly signal: AbortSignal;
  /** Hands a 2xx answer out once its head is here; `timeoutMs` ends with the head then. */
  readonly streamed?: StreamedCall;
}

/** What a streamed call has beside a plain one's. */
export interface StreamedCall {
  /** For a new connection, ms. */
  readonly connectMs: number;
}

/** The head of an answer whose bytes are still coming. */
export interface TransportStream {
  readonly kind: 'stream';
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: IncomingBytes;
}

/** A whole answer, of any status. */
export interface TransportAnswer {
  readonly kind: 'answer';
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/**
 * `broken`: the connection died after the request went out. `refused`: the call itself is not sendable. `no-room`: the
 * answer found no memory.
 */
export type FailureKind = 'unreachable' | 'broken' | 'timeout' | 'too-large' | 'cancelled' | 'refused' | 'no-room';

/** Why there was no answer. */
export interface TransportFailure {
  readonly kind: FailureKind;
  readonly code: string;
  readonly message: string;
  /** False only if no byte of the request can have reached the upstream. */
  readonly sent: boolean;
}

/** What became of a call. */
export type TransportResult = TransportAnswer | TransportStream | TransportFailure;
