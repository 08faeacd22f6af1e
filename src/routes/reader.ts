import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants, Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { Readable } from 'node:stream';
import type { Clock } from '../core/clock.ts';

/** An answer under way, in either version of HTTP; Fastify's types know the first only. */
type Answering = ServerResponse | Http2ServerResponse;

/** Whether an answer that closed was handed over whole. */
export function isWhole(answer: Answering): boolean {
  // Node says of every closed HTTP/2 answer that its writes finished.
  if (answer instanceof Http2ServerResponse)
    return answer.writableEnded && answer.stream.rstCode === constants.NGHTTP2_NO_ERROR;
  return answer.writableFinished;
}

/** Whether a body that ended came whole: of an HTTP/2 request whose caller left Node says that it is complete, too. */
export function cameWhole(message: IncomingMessage | Http2ServerRequest): boolean {
  return message instanceof Http2ServerRequest ? !message.aborted : message.complete;
}

/** Whether nobody reads this answer any more. */
export function hasLeft(answer: Answering): boolean {
  return answer instanceof Http2ServerResponse
    ? answer.stream === undefined || answer.stream.destroyed
    : answer.closed || answer.destroyed;
}

/** Ends an answer that cannot be told to be broken otherwise. */
export function breakOff(answer: Answering): void {
  if (answer instanceof Http2ServerResponse) answer.stream?.close(constants.NGHTTP2_INTERNAL_ERROR);
  else answer.destroy();
}

/** Longer pieces are written in slices, so that a reader who takes some of one is seen to. */
export const sliceBytes = 16_384;

/** A piece of an answer as it is written. */
export function* slices(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += sliceBytes) yield bytes.subarray(at, at + sliceBytes);
}

/**
 * Breaks off an answer of which no byte is taken for so long; over HTTP/2, one whose rest, already handed over, is not
 * taken by then. Node's own timeout of a stream begins anew whenever anything moves on its connection: who reads one
 * answer could keep others open for ever.
 */
export function breakOffWhenStalled(answer: Answering, clock: Clock, stalledMs: number): void {
  if (!(answer instanceof Http2ServerResponse)) {
    answer.socket?.setTimeout(stalledMs); // Node destroys a socket on which no byte moves this long
    return;
  }
  if (hasLeft(answer)) return;
  const cancel = clock.after(stalledMs, () => breakOff(answer));
  answer.once('close', cancel);
}

/**
 * A whole answer at its reader's pace: what `reply.send` takes. One of whom no slice is taken for so long is broken off,
 * however busy its connection is.
 */
export function paced(
  answer: Answering,
  body: Iterable<Buffer> | AsyncIterable<Buffer>,
  clock: Clock,
  stalledMs: number,
): Readable {
  if (!(answer instanceof Http2ServerResponse)) {
    breakOffWhenStalled(answer, clock, stalledMs);
    return Readable.from(body, { objectMode: false });
  }
  return Readable.from(watched(answer, body, clock, stalledMs), { objectMode: false, highWaterMark: sliceBytes });
}

/** Asked for the next slice when the one before was taken, or soon will be. */
async function* watched(
  answer: Answering,
  body: Iterable<Buffer> | AsyncIterable<Buffer>,
  clock: Clock,
  stalledMs: number,
): AsyncGenerator<Buffer> {
  for await (const piece of body) {
    for (const slice of slices(piece)) {
      const cancel = clock.after(stalledMs, () => breakOff(answer));
      try {
        yield slice;
      } finally {
        cancel();
      }
    }
  }
  breakOffWhenStalled(answer, clock, stalledMs);
}

/** Whether `connection: close` may be said: HTTP/2 has other ways, and forbids it. */
export function hasConnectionHeader(answer: Answering): boolean {
  return !(answer instanceof Http2ServerResponse);
}

/**
 * For a call that was answered before its body was here: what is still to come is thrown away, and after `limitMs` its
 * connection (its stream, in HTTP/2) with it. Else a caller without a key could keep as many open as it likes.
 */
export function cutOffRest(message: IncomingMessage | Http2ServerRequest, clock: Clock, limitMs: number): void {
  if (message.complete) return;
  const cancel = clock.after(limitMs, () => {
    if (message instanceof Http2ServerRequest) message.stream.close(constants.NGHTTP2_NO_ERROR);
    else if (!message.complete) message.socket.destroy();
  });
  message.once('end', cancel).once('close', cancel);
}
