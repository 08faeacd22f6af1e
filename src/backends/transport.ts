import type { LookupFunction } from 'node:net';
import type { Clock } from '../core/clock.ts';
import { ConnectionPool, type ConnectionSettings, connector } from './connection-pool.ts';
import { Exchange } from './exchange.ts';
import type { TransportCall, TransportFailure, TransportResult } from './transport-call.ts';

/** Sends calls over connections it keeps. */
export interface Transport {
  /** Sends, and reads the whole answer unless the call is streamed. Never rejects. */
  send(call: TransportCall): Promise<TransportResult>;
  /** Lets the calls of a pool finish and keeps none of its connections. */
  retire(poolKey: string): void;
  /** Closes every connection now. */
  stop(): Promise<void>;
}

const unsent: TransportFailure = { kind: 'cancelled', code: 'ABORTED', message: 'not sent', sent: false };

/** The transport over undici: pooled keep-alive HTTP/1.1, no pipelining, no retries but the one of `Exchange`. */
export function undiciTransport(deps: {
  clock: Clock;
  lookup: LookupFunction;
  settings: ConnectionSettings;
}): Transport {
  const { clock, settings } = deps;
  const connect = connector(clock, settings.connectTimeoutMs, deps.lookup);
  const pools = new Map<string, ConnectionPool>();
  /** Pools that only finish what they carry. */
  const retiring = new Set<ConnectionPool>();
  let stopped = false;

  function retire(poolKey: string): void {
    for (const pool of retiring) if (pool.size === 0) retiring.delete(pool);
    const pool = pools.get(poolKey);
    if (pool === undefined) return;
    pool.retire();
    pools.delete(poolKey);
    if (pool.size > 0) retiring.add(pool);
  }

  function poolFor(call: TransportCall): ConnectionPool {
    const known = pools.get(call.poolKey);
    if (known?.origin === call.origin) return known;
    retire(call.poolKey);
    const pool = new ConnectionPool(call.origin, settings, connect);
    pools.set(call.poolKey, pool);
    return pool;
  }

  return {
    send: call =>
      call.signal.aborted || stopped
        ? Promise.resolve(unsent)
        : new Promise(resolve => new Exchange(call, poolFor(call), clock, resolve).start()),
    retire,
    async stop() {
      stopped = true;
      const all = [...pools.values(), ...retiring];
      pools.clear();
      retiring.clear();
      await Promise.all(all.map(pool => pool.destroy()));
    },
  };
}
