import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants, Http2ServerRequest, Http2ServerResponse } from 'node:http2';
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

/** Breaks off an answer of which no byte is taken for so long. */
export function breakOffWhenStalled(answer: Answering, stalledMs: number): void {
  if (answer instanceof Http2ServerResponse) answer.stream?.setTimeout(stalledMs, () => breakOff(answer));
  else answer.socket?.setTimeout(stalledMs); // Node destroys a socket on which no byte moves this long
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
