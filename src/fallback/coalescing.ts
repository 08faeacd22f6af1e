import type { Cancel, Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { InferenceRequest } from '../core/request.ts';
import { answerFields, encodeFields } from './cache-key.ts';

/** What one caller brings to a shared call. */
export interface Waiter {
  /** Aborts when this caller leaves. */
  readonly signal: AbortSignal;
  /** How long this caller waits from now, ms. */
  readonly deadlineMs: number;
  /** If this caller is the last to leave: how long the call runs on, so that an SDK that timed out may come back for it. */
  readonly lingerMs?: number;
}

/** A call that several callers may wait for. */
export interface SharedCall<T> {
  /** Its signal aborts once nobody waits; its rejection reaches every waiter. */
  start(signal: AbortSignal): Promise<T>;
  /** What it has come to by now, for a caller who waits no longer. */
  soFar(): T;
}

/** Lets identical calls in flight share one upstream call. */
export interface Coalescer<T> {
  /**
   * Joins the call in flight under `key`, or starts it. A caller that leaves cancels the upstream call only if nobody
   * else waits for it, after its `lingerMs`; its failure goes to all waiters, and none of them starts anew.
   * @throws GatewayError `client-closed`, or `buffers-full` when too many wait already
   */
  run(key: string, call: SharedCall<T>, waiter: Waiter): Promise<Shared<T>>;
  /** Distinct calls in flight. */
  readonly inFlight: number;
}

/** What a shared call came to, and whose it was. */
export interface Shared<T> {
  readonly value: T;
  /** The waiter's own time was up first: the value is what there was by then, and the call goes on. */
  readonly late: boolean;
  /** False for the caller whose request went upstream. */
  readonly joined: boolean;
}

/** Bounds of sharing. */
export interface CoalescerOptions {
  /** Callers that may wait for one call; the rest are refused at once. */
  readonly maxWaiters?: number;
}

interface Flight<T> {
  readonly result: Promise<T>;
  readonly soFar: () => T;
  readonly abort: AbortController;
  waiters: number;
  stopLinger: Cancel | undefined;
}

/** Shares calls within this process; keeps nothing once they end. */
export function coalescer<T>(clock: Clock, options: CoalescerOptions = {}): Coalescer<T> {
  return new Flights(clock, options);
}

class Flights<T> implements Coalescer<T> {
  readonly #clock: Clock;
  readonly #maxWaiters: number;
  readonly #flights = new Map<string, Flight<T>>();

  constructor(clock: Clock, { maxWaiters = 1_000 }: CoalescerOptions) {
    this.#clock = clock;
    this.#maxWaiters = maxWaiters;
  }

  get inFlight(): number {
    return this.#flights.size;
  }

  async run(key: string, call: SharedCall<T>, waiter: Waiter): Promise<Shared<T>> {
    if (waiter.signal.aborted) throw clientClosed();
    const running = this.#flights.get(key);
    if (running !== undefined && running.waiters >= this.#maxWaiters) {
      throw new GatewayError('buffers-full', 'Too many identical calls are waiting for one answer; try again later.');
    }
    const flight = running ?? this.#launch(key, call);
    flight.stopLinger?.();
    flight.stopLinger = undefined;
    flight.waiters += 1;
    try {
      return { ...(await waitFor(flight, waiter, this.#clock)), joined: running !== undefined };
    } finally {
      this.#leave(key, flight, waiter.lingerMs);
    }
  }

  #launch(key: string, call: SharedCall<T>): Flight<T> {
    const abort = new AbortController();
    const result = (async () => call.start(abort.signal))();
    const flight: Flight<T> = { result, soFar: () => call.soFar(), abort, waiters: 0, stopLinger: undefined };
    this.#flights.set(key, flight);
    const settled = () => this.#forget(key, flight);
    // Also keeps a rejection that nobody waits for any more from being unhandled.
    result.then(settled, settled);
    return flight;
  }

  #leave(key: string, flight: Flight<T>, lingerMs = 0): void {
    flight.waiters -= 1;
    if (flight.waiters > 0 || this.#flights.get(key) !== flight) return;
    const cancel = () => {
      this.#forget(key, flight);
      flight.abort.abort();
    };
    if (lingerMs > 0) flight.stopLinger = this.#clock.after(lingerMs, cancel);
    else cancel();
  }

  #forget(key: string, flight: Flight<T>): void {
    flight.stopLinger?.();
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }
}

function clientClosed(): GatewayError {
  return new GatewayError('client-closed', 'The caller left.');
}

/** The result, or what there is of it when the waiter's time is up first; rejects when the waiter leaves. */
function waitFor<T>(flight: Flight<T>, waiter: Waiter, clock: Clock): Promise<{ value: T; late: boolean }> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      release();
      reject(clientClosed());
    };
    const cancelTimer = clock.after(waiter.deadlineMs, () => {
      release();
      resolve({ value: flight.soFar(), late: true });
    });
    const release = () => {
      cancelTimer();
      waiter.signal.removeEventListener('abort', onAbort);
    };
    waiter.signal.addEventListener('abort', onAbort, { once: true });
    flight.result.then(
      value => {
        release();
        resolve({ value, late: false });
      },
      (error: unknown) => {
        release();
        reject(error);
      },
    );
  });
}

/**
 * The key under which a client's own retry finds the call it repeats, whether or not the model is cached; undefined for
 * a client that sends no `amz-sdk-invocation-id`, and for sessions, which are never shared. Stays in this process.
 */
export function retryKey(request: InferenceRequest, residencyBound: string): string | undefined {
  if (request.invocationId === undefined || request.fields.sessionId !== undefined || request.streaming)
    return undefined;
  const region = request.hints.region === undefined ? undefined : JSON.stringify(request.hints.region);
  return `retry/${encodeFields([request.invocationId, region, ...answerFields(request, residencyBound)])}`;
}
