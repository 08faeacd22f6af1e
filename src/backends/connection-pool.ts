import { type LookupFunction, Socket } from 'node:net';
import { buildConnector, Client } from 'undici';
import { type Clock, timeLimit } from '../core/clock.ts';

/** How connections are made and kept. */
export interface ConnectionSettings {
  readonly connectTimeoutMs: number;
  /** Idle time after which a connection is closed, ms. */
  readonly keepAliveMs: number;
}

/** One connection, for one call at a time. */
export interface Connection {
  readonly client: Client;
  /** Calls answered since it was last opened: above 0 means the next call reuses it. */
  answered: number;
}

/**
 * undici's connector with a connect limit of its own: undici's timers are up to a second late past a second, and a
 * connect that is given up has to close its socket.
 */
export function connector(clock: Clock, connectTimeoutMs: number, lookup: LookupFunction): buildConnector.connector {
  const dial = buildConnector({ timeout: 0, allowH2: false, lookup });
  return (options, callback) => {
    const cancel = timeLimit(clock, connectTimeoutMs, () => {
      const error = new Error(`no connection to ${options.hostname} within ${connectTimeoutMs} ms`);
      if (socket instanceof Socket) socket.destroy(Object.assign(error, { code: 'ETIMEDOUT' }));
    });
    const socket: unknown = dial(options, (...result) => {
      cancel();
      callback(...result);
    });
  };
}

/**
 * Keep-alive connections to one target. It holds undici `Client`s (one connection each) rather than a `Pool`: calls
 * are bounded by permits before they get here, so nothing may ever queue, the pool must know whether a connection is
 * reused, and a call given up while connecting must not hold a place.
 */
export class ConnectionPool {
  readonly origin: string;
  readonly #options: Client.Options;
  readonly #idle: Connection[] = [];
  readonly #all = new Set<Connection>();
  #retired = false;
  #destroyed = false;

  constructor(origin: string, settings: ConnectionSettings, connect: buildConnector.connector) {
    this.origin = origin;
    this.#options = {
      connect,
      allowH2: false,
      pipelining: 1,
      keepAliveTimeout: settings.keepAliveMs,
      keepAliveMaxTimeout: settings.keepAliveMs,
      // Limits are the transport's own, exact ones.
      headersTimeout: 0,
      bodyTimeout: 0,
    };
  }

  get destroyed(): boolean {
    return this.#destroyed;
  }

  /** Open connections, idle and in use. */
  get size(): number {
    return this.#all.size;
  }

  /** The connection used last, which is the one most surely alive; or a new one. */
  acquire(): Connection {
    return this.#idle.pop() ?? this.open();
  }

  open(): Connection {
    const client = new Client(this.origin, this.#options);
    const connection: Connection = { client, answered: 0 };
    this.#all.add(connection);
    client.on('connect', () => {
      connection.answered = 0;
    });
    client.on('disconnect', () => {
      const at = this.#idle.indexOf(connection);
      if (at < 0) return;
      this.#idle.splice(at, 1);
      this.#all.delete(connection);
    });
    return connection;
  }

  /** Gives a connection back after a whole answer. */
  release(connection: Connection): void {
    connection.answered += 1;
    if (this.#retired) this.discard(connection);
    else this.#idle.push(connection);
  }

  /** Closes a connection at once, whatever it is doing. */
  discard(connection: Connection): void {
    this.#all.delete(connection);
    connection.client.destroy(null, ignore);
  }

  /** Lets calls in flight finish; idle connections close now. */
  retire(): void {
    this.#retired = true;
    for (const connection of this.#idle.splice(0)) this.discard(connection);
  }

  /** Closes everything now. */
  async destroy(): Promise<void> {
    this.#retired = true;
    this.#destroyed = true;
    this.#idle.length = 0;
    const all = [...this.#all];
    this.#all.clear();
    await Promise.all(all.map(connection => connection.client.destroy()));
  }
}

function ignore(): void {}
