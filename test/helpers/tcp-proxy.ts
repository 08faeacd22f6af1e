import { createConnection, createServer, type Server, type Socket } from 'node:net';
import type { Test } from 'tap';
import './leave.ts';

/** What the proxy does with bytes: `black-hole` takes connections and lets nothing through, like a network cut. */
export type ProxyMode = 'pass' | 'black-hole' | 'refuse';

export interface TcpProxy {
  readonly port: number;
  /** Connections taken since the start. */
  readonly accepted: number;
  /** Open connections now. */
  readonly open: number;
  /** `black-hole` holds bytes back until `pass`; `refuse` cuts what is open and takes nothing new. */
  set(mode: ProxyMode): Promise<void>;
  /** Lets nothing more through on the connections open now; new ones are not affected. */
  stallOpen(): void;
  /** Delays each piece of data by this much, both ways. */
  delay(latencyMs: number): void;
}

/** A TCP proxy in front of `port` on this machine, closed with the test. */
export async function tcpProxy(t: Test, port: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let mode: ProxyMode = 'pass';
  let latencyMs = 0;
  let accepted = 0;

  const forward = (from: Socket, to: Socket) => {
    from.on('data', chunk => {
      if (latencyMs === 0) to.write(chunk);
      else setTimeout(() => to.writable && to.write(chunk), latencyMs);
    });
    from.on('error', () => to.destroy());
    from.on('close', () => {
      to.destroy();
      sockets.delete(from);
    });
    sockets.add(from);
    if (mode === 'black-hole') from.pause();
  };
  const server: Server = createServer(inbound => {
    accepted += 1;
    const outbound = createConnection({ port, host: '127.0.0.1' });
    forward(inbound, outbound);
    forward(outbound, inbound);
  });
  const listen = (on: number) => new Promise<void>(resolve => server.listen(on, '127.0.0.1', resolve));
  const close = () =>
    new Promise<void>(resolve => {
      if (server.listening) server.close(() => resolve());
      else resolve();
      for (const socket of sockets) socket.destroy();
    });

  await listen(0);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  t.teardown(close);
  return {
    port: address.port,
    get accepted() {
      return accepted;
    },
    get open() {
      return sockets.size / 2;
    },
    set: async next => {
      mode = next;
      if (mode === 'refuse') return close();
      if (!server.listening) await listen(address.port);
      for (const socket of sockets) mode === 'pass' ? socket.resume() : socket.pause();
    },
    stallOpen: () => {
      for (const socket of sockets) socket.pause();
    },
    delay: ms => {
      latencyMs = ms;
    },
  };
}
