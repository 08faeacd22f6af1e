import type { ServerResponse } from 'node:http';
import { exceptionFrame } from './event-stream.ts';
import type { FaultBoard } from './faults.ts';
import type { Answer } from './wire.ts';

/** What faults do to one streamed answer. */
export interface StreamFaults {
  /** Bytes after which the connection is closed. */
  readonly cutAfter?: number;
  /** Events after which nothing more comes. */
  readonly stallAfter?: number;
  /** Events after which an exception ends the stream. */
  readonly error?: { readonly after: number; readonly type: string };
}

/** The faults that hit this answer; `isCut` is the `reset` fault of whole answers: half-way. */
export function streamFaults(faults: FaultBoard, region: string, endpoint: string, isCut: boolean): StreamFaults {
  const cut = faults.hit(region, 'stream-cut', endpoint);
  const stall = faults.hit(region, 'stream-stall', endpoint);
  const error = faults.hit(region, 'stream-error', endpoint);
  return {
    ...(isCut && { cutAfter: 1 }),
    ...(cut !== undefined && { cutAfter: cut.after ?? 0 }),
    ...(stall !== undefined && { stallAfter: stall.after ?? 0 }),
    ...(error !== undefined && { error: { after: error.after ?? 0, type: error.errorType ?? 'ModelStreamError' } }),
  };
}

/** Sends the events one by one, `pace` apart, as fast as the reader takes them. */
export async function sendFrames(
  response: ServerResponse,
  { status, headers }: Answer,
  frames: readonly Buffer[],
  { cutAfter = Number.POSITIVE_INFINITY, stallAfter = Number.POSITIVE_INFINITY, error }: StreamFaults,
  pace: () => Promise<void>,
  exception: (type: string, message: string) => Buffer,
): Promise<void> {
  response.writeHead(status, headers);
  response.flushHeaders();
  let room = cutAfter;
  const toSend =
    error === undefined ? frames : [...frames.slice(0, error.after), exception(error.type, 'injected fault')];
  for (const [index, frame] of toSend.entries()) {
    if (index >= stallAfter || response.destroyed) return;
    if (index > 0) await pace();
    if (frame.length > room) break;
    room -= frame.length;
    if (!response.write(frame)) await drained(response);
  }
  if (cutAfter === Number.POSITIVE_INFINITY) return void response.end();
  const sentBytes = cutAfter - room;
  const rest = Buffer.concat([...toSend]).subarray(sentBytes, cutAfter);
  if (rest.length > 0) response.write(rest);
  response.socket?.destroySoon(); // closed, not reset: a reset could overtake the bytes
}

/** As SageMaker Runtime ends a stream. */
export function streamException(type: string, message: string): Buffer {
  return exceptionFrame(type, {
    Message: message,
    ...(type === 'ModelStreamError' && { ErrorCode: 'ModelStreamError' }),
  });
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}
