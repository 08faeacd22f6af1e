import {
  constants,
  createServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Cancel, Clock } from '../core/clock.ts';

/** What every HTTP/2 connection begins with (RFC 9113 §3.4); no HTTP/1.1 request can begin so. */
const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
/** Streams at once on one connection; more are refused by the protocol and repeated by clients. */
const maxConcurrentStreams = 1_000;

/** What is done with a connection whose first bytes do not come in time. */
export interface SniffPorts {
  readonly clock: Clock;
  readonly firstBytesMs: number;
  /** A request must be here whole by then, whatever it is. */
  readonly arrivesMs: number;
  /** A connection without a call for so long is closed. */
  readonly keepAliveMs: number;
  refuse(error: Error & { readonly code: string }, socket: Socket): void;
}

/**
 * Lets a server speak HTTP/2 with prior knowledge beside HTTP/1.1 on the same cleartext port, as the JavaScript SDK of
 * Bedrock Runtime does by default: each connection is asked for its first bytes, and then belongs to one of the two.
 */
export function speakHttp2Too(server: FastifyInstance, ports: SniffPorts): void {
  const http1 = server.server;
  const [accept] = http1.listeners('connection') as ((socket: Socket) => void)[];
  if (accept === undefined) throw new Error('an HTTP server without a connection listener');
  const waiting = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  const http2 = http2Server(server, sessions, ports);
  http1.removeAllListeners('connection');
  http1.on('connection', (socket: Socket) => {
    waiting.add(socket);
    sniff(socket, ports, speaksHttp2 => {
      waiting.delete(socket);
      if (!speaksHttp2) return accept.call(http1, socket);
      // HTTP/1.1 servers keep sockets half open: a session would never hear that its client left, nor would its calls.
      socket.allowHalfOpen = false;
      http2.emit('connection', socket);
    });
    socket.once('close', () => waiting.delete(socket));
  });
  server.addHook('preClose', async () => {
    for (const socket of waiting) socket.destroy();
    for (const session of sessions) session.close(); // after the calls it carries
  });
}

/** Calls `decided` once the first bytes tell; they stay in the socket for whoever takes it. */
function sniff(socket: Socket, { clock, firstBytesMs, refuse }: SniffPorts, decided: (http2: boolean) => void): void {
  let seen: Buffer = Buffer.alloc(0);
  const onReadable = () => {
    const bytes: Buffer | null = socket.read();
    if (bytes === null) return;
    seen = Buffer.concat([seen, bytes]);
    const begins = seen.toString('latin1', 0, preface.length);
    if (begins.length < preface.length && preface.startsWith(begins)) return;
    finish();
    socket.unshift(seen); // not before: bytes put back are told of again
    decided(begins === preface);
  };
  const onEnd = () => {
    finish();
    socket.destroy();
  };
  const onError = () => socket.destroy();
  const cancel = clock.after(firstBytesMs, () => {
    finish();
    const error = Object.assign(new Error('no request came'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
    refuse(error, socket);
  });
  const finish = () => {
    cancel();
    socket.off('readable', onReadable).off('end', onEnd).off('error', onError).off('close', finish);
  };
  socket.on('readable', onReadable).on('end', onEnd).on('error', onError).on('close', finish);
}

function http2Server(server: FastifyInstance, sessions: Set<ServerHttp2Session>, ports: SniffPorts): Http2Server {
  const http2 = createServer({ settings: { maxConcurrentStreams } });
  http2.on('request', (request: Http2ServerRequest, response: Http2ServerResponse) => {
    // What routes read of an HTTP/1.1 request is there as well: names differ only here.
    request.headers.host ??= request.headers[':authority'];
    // Node times HTTP/1.1 only. A body cut off so ends for its reader as one whose caller left.
    const cancel = ports.clock.after(ports.arrivesMs, () => request.stream.close(constants.NGHTTP2_CANCEL));
    request.once('end', cancel).once('close', cancel);
    // Fastify's types know one protocol per server; its router takes both.
    server.routing(request as never, response as never);
  });
  http2.on('session', session => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    session.on('error', () => {}); // a client that leaves is no event here
    closeWhenIdle(session, ports);
  });
  http2.on('sessionError', () => {}); // unreadable frames: Node ends the session with the protocol's own error
  return http2;
}

function closeWhenIdle(session: ServerHttp2Session, { clock, keepAliveMs }: SniffPorts): void {
  let calls = 0;
  let cancel: Cancel = () => {};
  const wait = () => {
    cancel = clock.after(keepAliveMs, () => session.close());
  };
  wait();
  session.on('stream', stream => {
    cancel();
    calls += 1;
    stream.once('close', () => {
      calls -= 1;
      if (calls === 0 && !session.closed) wait();
    });
  });
  session.once('close', () => cancel());
}
