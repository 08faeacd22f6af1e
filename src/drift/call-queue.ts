import type { Cancel, Clock } from '../core/clock.ts';
import type { Memory } from '../core/result.ts';

/** A call that waits to be read. */
export interface WaitingCall {
  readonly bytes: number;
  read(): void;
}

/** Reads calls a while after they were answered, a slice at a time, so that no answer waits for it. */
export interface CallQueue {
  /** False when there is no room for it. @param maxBytes of all calls that wait */
  add(call: WaitingCall, maxBytes: number): boolean;
  /** Resolves when those that wait now have been read, in their turn. */
  caughtUp(): Promise<void>;
  /** Reads all that wait, now. */
  flush(): void;
  stop(): void;
}

/** Calls are gathered so long: most are answered by then, and several are read in one go. */
const restMs = 10;
/** Reading holds up other calls so long at most. */
const sliceMs = 2;

/** A queue in memory, counted where bodies are. */
export function callQueue(ports: {
  readonly clock: Clock;
  readonly memory: Memory;
  /** Told of a call that could not be read, which is a fault here: nothing a caller sends should bring it about. */
  warn(message: string): void;
}): CallQueue {
  const { clock, memory } = ports;
  let waiting: WaitingCall[] = [];
  let next = 0;
  let held = 0;
  let cancel: Cancel | undefined;
  const readOne = () => {
    const call = waiting[next] as WaitingCall;
    next += 1;
    held -= call.bytes;
    memory.give(call.bytes);
    try {
      call.read();
    } catch (error) {
      ports.warn(`a call could not be read: ${String(error)}`);
    }
  };
  const slice = () => {
    cancel = undefined;
    const until = clock.now() + sliceMs;
    do readOne();
    while (next < waiting.length && clock.now() < until);
    waiting = waiting.slice(next);
    next = 0;
    if (waiting.length > 0) cancel = clock.after(0, slice);
  };
  return {
    add: (call, maxBytes) => {
      if (held + call.bytes > maxBytes || !memory.tryTake(call.bytes)) return false;
      held += call.bytes;
      waiting.push(call);
      cancel ??= clock.after(restMs, slice);
      return true;
    },
    caughtUp: () =>
      waiting.length === 0
        ? Promise.resolve()
        : new Promise(resolve => {
            waiting.push({ bytes: 0, read: resolve });
          }),
    flush: () => {
      while (next < waiting.length) readOne();
      waiting = [];
      next = 0;
      cancel?.();
      cancel = undefined;
    },
    stop: () => {
      cancel?.();
      for (const call of waiting.slice(next)) memory.give(call.bytes);
      waiting = [];
      next = 0;
      held = 0;
    },
  };
}
