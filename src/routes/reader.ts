import type { ServerResponse } from 'node:http';
import { constants, Http2ServerResponse } from 'node:http2';

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
  if (answer instanceof Http2ServerResponse) answer.stream.setTimeout(stalledMs, () => breakOff(answer));
  else answer.socket?.setTimeout(stalledMs); // Node destroys a socket on which no byte moves this long
}

/** Whether `connection: close` may be said: HTTP/2 has other ways, and forbids it. */
export function hasConnectionHeader(answer: Answering): boolean {
  return !(answer instanceof Http2ServerResponse);
}
