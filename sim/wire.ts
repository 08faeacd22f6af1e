import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** A whole answer. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Announced instead of the body's: answers to HEAD have none. */
  readonly contentLength?: number;
  /** Sent one after the other instead of `body`, without an announced length. */
  readonly frames?: readonly Buffer[];
}

/** Reads the body; undefined when it is longer than `limitBytes`. Rejects when the client leaves half-way. */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) return undefined;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > limitBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

/** Sends the answer whole. */
export function send(response: ServerResponse, { status, headers, body, contentLength }: Answer): void {
  if (response.destroyed) return;
  response.writeHead(status, { ...headers, 'content-length': contentLength ?? body.length });
  response.end(body);
}

/** Promises the whole body, sends half of it, then resets the connection. */
export function sendHalf(response: ServerResponse, { status, headers, body }: Answer): void {
  if (response.destroyed) return;
  response.writeHead(status, { ...headers, 'content-length': Math.max(2, body.length) });
  response.write(body.subarray(0, Math.max(1, body.length / 2)), () => reset(response.socket));
}

function reset(socket: Socket | null): void {
  socket?.resetAndDestroy();
}
