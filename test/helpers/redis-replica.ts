import type { Test } from 'tap';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import type { GatewayEvent } from '../../src/core/events.ts';
import { seededRandom } from '../../src/core/random.ts';
import { openRecords } from '../../src/state/file.ts';
import { connectRedis, type RedisLink } from '../../src/state/redis.ts';
import { sharedState } from '../../src/state/shared-state.ts';
import type { StateStore } from '../../src/state/state.ts';
import { stateDir } from './state-dir.ts';

export interface RedisClientBench {
  readonly link: RedisLink;
  readonly events: GatewayEvent[];
  /** The `up` of each `redis-changed` event so far. */
  ups(): boolean[];
}

/** Long enough for a busy machine; tests that wait for a limit to pass ask for `shortLimits`. */
const longLimits = { commandTimeoutMs: 2_000, connectTimeoutMs: 2_000, socketTimeoutMs: 2_500 };
export const shortLimits = { commandTimeoutMs: 200, connectTimeoutMs: 500, socketTimeoutMs: 400 };

/** A connection to Redis, or to a cluster where nodes are named, closed with the test. */
export function redisLink(t: Test, at: string | readonly string[], limits = longLimits): RedisClientBench {
  const events: GatewayEvent[] = [];
  const link = connectRedis(
    { ...(typeof at === 'string' ? { url: at } : { cluster: [...at] }), keyPrefix: 'meridian:', ...limits },
    { clock: systemClock, random: seededRandom(1), emit: event => events.push(event) },
  );
  t.teardown(() => link.close());
  return { link, events, ups: () => events.flatMap(event => (event.type === 'redis-changed' ? [event.up] : [])) };
}

export interface Replica extends RedisClientBench {
  readonly state: StateStore;
  /** `key=value` of each change heard from other replicas. */
  readonly heard: string[];
  readonly dir: string;
  close(): Promise<void>;
}

export interface ReplicaOptions {
  readonly dir?: string;
  /** Of its state store; its connection always goes by real time. */
  readonly clock?: Clock;
  readonly limits?: typeof longLimits;
  /** Of deleted keys, those that need not be remembered for good. */
  readonly mayForget?: (key: string) => boolean;
  /** Of records that only move forward. */
  readonly isFurther?: (key: string, value: string, other: string) => boolean;
}

/** A replica's state store over its own directory and Redis. */
export async function replica(t: Test, at: string | readonly string[], options: ReplicaOptions = {}): Promise<Replica> {
  const { dir = stateDir(t), clock = systemClock, limits, mayForget = () => false, isFurther = () => false } = options;
  const bench = redisLink(t, at, limits);
  const warn = (message: string) => t.fail(message);
  const store = await openRecords({ dir, clock, warn });
  const state = sharedState({
    store,
    link: bench.link.state,
    clock,
    random: seededRandom(1),
    warn,
    mayForget,
    isFurther,
  });
  const heard: string[] = [];
  state.watch((key, value) => heard.push(`${key}=${value}`));
  let closed = false;
  const close = async () => {
    if (closed) return;
    closed = true;
    await state.close();
    bench.link.close();
  };
  t.teardown(close);
  return { ...bench, state, heard, dir, close };
}
