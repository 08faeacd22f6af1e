import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Test } from 'tap';
import './leave.ts';

/** A request as it arrived, whole. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Ordinal of its connection, from 1. */
  readonly connection: number;
}

/** Decides what happens to the `nth` request, from 1. Not answering is allowed. */
export type Script = (response: ServerResponse, seen: Seen, nth: number) => void;

export interface Upstream {
  readonly url: string;
  readonly seen: readonly Seen[];
  /** Connections accepted so far. */
  readonly connections: number;
  /** Connections open now. */
  readonly open: number;
  /** Refuses new connections from now on. */
  stopListening(): void;
  /** Resolves when this many requests have arrived. */
  arrived(count: number): Promise<void>;
  /** Resolves when at most this many connections are open. */
  openAtMost(count: number): Promise<void>;
}

/** A scripted HTTP server on a free port, gone when the test ends. */
export async function startUpstream(t: Test, script: Script): Promise<Upstream> {
  const seen: Seen[] = [];
  const sockets = new Map<Socket, number>();
  const watchers = new Set<() => void>();
  let connections = 0;
  const changed = () => {
    for (const watch of watchers) watch();
  };
  const until = (condition: () => boolean) =>
    new Promise<void>(resolve => {
      const watch = () => {
        if (!condition()) return;
        watchers.delete(watch);
        resolve();
      };
      watchers.add(watch);
      watch();
    });
  const server = createServer(async (request, response) => {
    const connection = sockets.get(request.socket) ?? 0;
    const chunks = await request.toArray().catch(() => []);
    const { method = '', url: path = '', headers } = request;
    const one: Seen = { method, path, headers, body: Buffer.concat(chunks), connection };
    seen.push(one);
    changed();
    script(response, one, seen.length);
  });
  server.keepAliveTimeout = 0;
  server.on('connection', socket => {
    connections += 1;
    sockets.set(socket, connections);
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      changed();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(async () => {
    server.closeAllConnections();
    for (const socket of sockets.keys()) socket.destroy();
    await new Promise(resolve => server.close(resolve));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    get connections() {
      return connections;
    },
    get open() {
      return sockets.size;
    },
    stopListening: () => server.close(),
    arrived: count => until(() => seen.length >= count),
    openAtMost: count => until(() => sockets.size <= count),
  };
}

/** A port of 127.0.0.1 where nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise(resolve => server.close(resolve));
  return port;
}
