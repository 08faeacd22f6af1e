import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { type Cancel, type Clock, timeLimit } from '../core/clock.ts';
import { buffersFull } from '../core/result.ts';
import type { Connection, ConnectionPool } from './connection-pool.ts';
import { holdBytes, IncomingBytes } from './incoming-bytes.ts';
import type { FailureKind, TransportCall, TransportResult } from './transport-call.ts';

/** One call from dispatch to settled: undici's handler, the abort listener and the timer in one object. */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #call: TransportCall;
  readonly #pool: ConnectionPool;
  readonly #resolve: (result: TransportResult) => void;
  readonly #cancelTimer: Cancel;
  readonly #cancelConnectTimer: Cancel | undefined;
  /** Where the bytes go once the head was handed out. */
  #incoming: IncomingBytes | undefined;
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

  constructor(call: TransportCall, pool: ConnectionPool, clock: Clock, resolve: (result: TransportResult) => void) {
    this.#call = call;
    this.#pool = pool;
    this.#resolve = resolve;
    this.#connection = pool.acquire();
    this.#cancelTimer = timeLimit(clock, call.timeoutMs, () => this.#fail('timeout', 'TIMEOUT', 'no answer in time'));
    if (call.streamed !== undefined)
      this.#cancelConnectTimer = timeLimit(clock, call.streamed.connectMs, () => this.#tooSlowToConnect());
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
    this.#cancelConnectTimer?.();
  }

  onResponseStarted(): void {
    this.#answering = true;
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200 || this.#settled) return;
    this.#status = status;
    this.#headers = headers;
    if (this.#call.streamed !== undefined && status < 300) {
      this.#handOut(controller);
      return;
    }
    const length = Number(headers['content-length']);
    if (length > this.#call.maxResponseBytes) this.#tooLarge();
    else if (length > 0) this.#hold(length);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#settled) return;
    if (this.#incoming !== undefined) {
      this.#incoming.add(chunk);
      return;
    }
    this.#bytes += chunk.length;
    if (this.#bytes > this.#call.maxResponseBytes) this.#tooLarge();
    else if (this.#hold(this.#bytes)) this.#chunks.push(chunk);
  }

  #handOut(controller: Dispatcher.DispatchController): void {
    this.#cancelTimer();
    this.#incoming = new IncomingBytes({
      pause: () => {
        if (this.#call.memory.tryTake(holdBytes)) this.#held = holdBytes; // no more come, whether there is room or not
        controller.pause();
      },
      resume: () => {
        this.#giveBack();
        controller.resume();
      },
      close: () => this.#fail('cancelled', 'ABORTED', 'aborted'),
    });
    this.#resolve({ kind: 'stream', status: this.#status, headers: this.#headers, bytes: this.#incoming });
  }

  #tooSlowToConnect(): void {
    const message = `no connection within ${this.#call.streamed?.connectMs} ms`;
    if (!this.#started) this.#fail('unreachable', 'CONNECT_TIMEOUT', message);
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
    if (this.#incoming === undefined) this.#resolve(this.#whole());
    else this.#incoming.finish('end');
  }

  #whole(): TransportResult {
    const [first, ...more] = this.#chunks;
    const body = more.length === 0 ? (first ?? Buffer.alloc(0)) : Buffer.concat(this.#chunks, this.#bytes);
    return { kind: 'answer', status: this.#status, headers: this.#headers, body };
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
    const failure = { kind, code, message, sent: this.#sent };
    if (this.#incoming === undefined) this.#resolve(failure);
    else this.#incoming.finish(failure);
  }

  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    this.#cancelTimer();
    this.#cancelConnectTimer?.();
    this.#giveBack();
    this.#call.signal.removeEventListener('abort', this);
    return true;
  }

  #giveBack(): void {
    if (this.#held > 0) this.#call.memory.give(this.#held);
    this.#held = 0;
  }
}
