import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { type Cancel, type Clock, timeLimit } from '../core/clock.ts';
import { buffersFull, type Memory } from '../core/result.ts';
import type { Connection, ConnectionPool } from './connection-pool.ts';

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
}

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

export interface TransportFailure {
  readonly kind: FailureKind;
  readonly code: string;
  readonly message: string;
  /** False only if no byte of the request can have reached the upstream. */
  readonly sent: boolean;
}

/** One call from dispatch to settled: undici's handler, the abort listener and the timer in one object. */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #call: TransportCall;
  readonly #pool: ConnectionPool;
  readonly #resolve: (result: TransportAnswer | TransportFailure) => void;
  readonly #cancelTimer: Cancel;
  #connection: Connection;
  #settled = false;
  #sent = false;
  /** Whether this connection, not an earlier one, was written to. */
  #started = false;
  #answering = false;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** Bytes counted in `memory`. */
  #held = 0;

  constructor(
    call: TransportCall,
    pool: ConnectionPool,
    clock: Clock,
    resolve: (result: TransportAnswer | TransportFailure) => void,
  ) {
    this.#call = call;
    this.#pool = pool;
    this.#resolve = resolve;
    this.#connection = pool.acquire();
    this.#cancelTimer = timeLimit(clock, call.timeoutMs, () => this.#fail('timeout', 'TIMEOUT', 'no answer in time'));
  }

  start(): void {
    this.#call.signal.addEventListener('abort', this);
    this.#dispatch();
  }

  #dispatch(): void {
    const { path, method, headers, body } = this.#call;
    this.#connection.client.dispatch({ path, method, headers, body }, this);
  }

  /** The caller left. */
  handleEvent(): void {
    this.#fail('cancelled', 'ABORTED', 'aborted');
  }

  onRequestStart(): void {
    this.#started = true;
    this.#sent = true;
  }

  onResponseStarted(): void {
    this.#answering = true;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200 || this.#settled) return;
    this.#status = status;
    this.#headers = headers;
    const length = Number(headers['content-length']);
    if (length > this.#call.maxResponseBytes) this.#tooLarge();
    else if (length > 0) this.#hold(length);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#settled) return;
    this.#bytes += chunk.length;
    if (this.#bytes > this.#call.maxResponseBytes) this.#tooLarge();
    else if (this.#hold(this.#bytes)) this.#chunks.push(chunk);
  }

  /** Counts up to `bytes` of the answer; gives the call up when there is no room for them. */
  #hold(bytes: number): boolean {
    if (bytes <= this.#held) return true;
    if (!this.#call.memory.tryTake(bytes - this.#held)) {
      this.#fail('no-room', buffersFull, 'this process holds as many bytes as it may');
      return false;
    }
    this.#held = bytes;
    return true;
  }

  onResponseEnd(): void {
    if (!this.#settle()) return;
    this.#pool.release(this.#connection);
    const [first, ...more] = this.#chunks;
    const body = more.length === 0 ? (first ?? Buffer.alloc(0)) : Buffer.concat(this.#chunks, this.#bytes);
    this.#resolve({ kind: 'answer', status: this.#status, headers: this.#headers, body });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#settled) return;
    const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
    const message = error.message || code;
    if (code === 'UND_ERR_INVALID_ARG') this.#fail('refused', code, message);
    else if (!this.#started) this.#fail('unreachable', code, message);
    else if (!this.#repeat()) this.#fail('broken', code, message);
  }

  /**
   * A kept-alive connection may have been closed under us; that says nothing about the target's health. The new one has
   * answered nothing, so there is no second repetition.
   */
  #repeat(): boolean {
    const died = this.#connection.answered > 0 && !this.#answering;
    if (!died || !this.#call.idempotent || this.#pool.destroyed) return false;
    this.#started = false;
    this.#pool.discard(this.#connection);
    this.#connection = this.#pool.open();
    this.#dispatch();
    return true;
  }

  #tooLarge(): void {
    this.#fail('too-large', 'RESPONSE_TOO_LARGE', `the answer is longer than ${this.#call.maxResponseBytes} bytes`);
  }

  #fail(kind: FailureKind, code: string, message: string): void {
    if (!this.#settle()) return;
    this.#pool.discard(this.#connection);
    this.#resolve({ kind, code, message, sent: this.#sent });
  }

  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    this.#cancelTimer();
    if (this.#held > 0) this.#call.memory.give(this.#held);
    this.#call.signal.removeEventListener('abort', this);
    return true;
  }
}
