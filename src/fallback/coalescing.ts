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

/** Lets identical calls in flight share one upstream call. */
export interface Coalescer<T> {
  /**
   * Joins the call in flight under `key`, or starts it. A caller that leaves cancels the upstream call only if nobody
   * else waits for it, after its `lingerMs`; its failure goes to all waiters, and none of them starts anew.
   * @param start is given a signal that aborts once nobody waits; its rejection reaches every waiter
   * @throws WaitedTooLong after the waiter's own deadline
   * @throws GatewayError `client-closed`, or `buffers-full` when too many wait already
   */
  run(key: string, start: (signal: AbortSignal) => Promise<T>, waiter: Waiter): Promise<Shared<T>>;
  /** Distinct calls in flight. */
  readonly inFlight: number;
}

/** What a shared call came to, and whose it was. */
export interface Shared<T> {
  readonly value: T;
  /** False for the caller whose request went upstream. */
  readonly joined: boolean;
}

/** This waiter's own time is up; the call it waited for goes on. */
export class WaitedTooLong extends Error {
  constructor() {
    super('the time of one caller was up while it waited for an identical call');
    this.name = 'WaitedTooLong';
  }
}

/** Bounds of sharing. */
export interface CoalescerOptions {
  /** Callers that may wait for one call; the rest are refused at once. */
  readonly maxWaiters?: number;
}

interface Flight<T> {
  readonly result: Promise<T>;
  readonly abort: AbortController;
  waiters: number;
  stopLinger: Cancel | undefined;
}

/** Shares calls within this process; keeps nothing once they end. */
export function coalescer<T>(clock: Clock, options: CoalescerOptions = {}): Coalescer<T> {
  const { maxWaiters = 1_000 } = options;
  const flights = new Map<string, Flight<T>>();

  const forget = (key: string, flight: Flight<T>) => {
    flight.stopLinger?.();
    if (flights.get(key) === flight) flights.delete(key);
  };
  const launch = (key: string, start: (signal: AbortSignal) => Promise<T>): Flight<T> => {
    const abort = new AbortController();
    const result = (async () => start(abort.signal))();
    const flight: Flight<T> = { result, abort, waiters: 0, stopLinger: undefined };
    flights.set(key, flight);
    const settled = () => forget(key, flight);
    // Also keeps a rejection that nobody waits for any more from being unhandled.
    result.then(settled, settled);
    return flight;
  };
  const leave = (key: string, flight: Flight<T>, lingerMs = 0) => {
    flight.waiters -= 1;
    if (flight.waiters > 0 || flights.get(key) !== flight) return;
    const cancel = () => {
      forget(key, flight);
      flight.abort.abort();
    };
    if (lingerMs > 0) flight.stopLinger = clock.after(lingerMs, cancel);
    else cancel();
  };

  return {
    run: async (key, start, waiter) => {
      if (waiter.signal.aborted) throw clientClosed();
      const running = flights.get(key);
      if (running !== undefined && running.waiters >= maxWaiters) {
        throw new GatewayError('buffers-full', 'Too many identical calls are waiting for one answer; try again later.');
      }
      const flight = running ?? launch(key, start);
      flight.stopLinger?.();
      flight.stopLinger = undefined;
      flight.waiters += 1;
      try {
        return { value: await waitFor(flight.result, waiter, clock), joined: running !== undefined };
      } finally {
        leave(key, flight, waiter.lingerMs);
      }
    },
    get inFlight() {
      return flights.size;
    },
  };
}

function clientClosed(): GatewayError {
  return new GatewayError('client-closed', 'The caller left.');
}

/** `result`, unless the waiter leaves or its time is up first. */
function waitFor<T>(result: Promise<T>, waiter: Waiter, clock: Clock): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      release();
      reject(clientClosed());
    };
    const cancelTimer = clock.after(waiter.deadlineMs, () => {
      release();
      reject(new WaitedTooLong());
    });
    const release = () => {
      cancelTimer();
      waiter.signal.removeEventListener('abort', onAbort);
    };
    waiter.signal.addEventListener('abort', onAbort, { once: true });
    result.then(
      value => {
        release();
        resolve(value);
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
