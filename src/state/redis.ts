import { Redis } from 'ioredis';
import type { Clock } from '../core/clock.ts';
import type { Emit } from '../core/events.ts';
import type { Random } from '../core/random.ts';
import { redisCounters } from './counters.ts';
import type { RedisOptions } from './options.ts';
import { type RedisGuard, redisGuard } from './redis-guard.ts';
import { beatScript, claimScript, offerScript, replaceScript } from './redis-scripts.ts';
import type { HeartbeatLink } from './replica-count.ts';
import type { StateLink } from './shared-state.ts';
import type { SharedCache, SharedCounters, SharedEntries, Tallies } from './state.ts';

/** A connection to Redis that may come and go; nothing waits for it. */
export interface RedisLink {
  readonly up: boolean;
  readonly cache: SharedCache;
  readonly state: StateLink;
  readonly heartbeats: HeartbeatLink;
  readonly counters: SharedCounters;
  readonly entries: SharedEntries;
  /** As the replica of this name. */
  tallies(replica: string): Tallies;
  /** Commands sent and not answered, those given up on included: what a hanging Redis makes the client hold. */
  readonly unanswered: number;
  close(): void;
}

/** What a connection to Redis needs of the rest. */
export interface RedisDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly emit: Emit;
}

/** Starts to connect and returns at once; Redis may be down. One `redis-changed` event per change. */
export function connectRedis(options: RedisOptions, { clock, random, emit }: RedisDeps): RedisLink {
  const client = newClient(options, random);
  const changed = listeners();
  const cameUp = listeners();
  const onUp = () => {
    changed.tell();
    cameUp.tell();
  };
  const guard = redisGuard({ clock, emit, ping: () => client.ping(), onUp });
  const stateKey = `${options.keyPrefix}state`;
  const subscription = subscribe(newClient(options, random), stateKey, changed.tell);
  const server: Server = { client, run: command => guard.run(command), isUp: () => guard.up };
  watch(client, guard);
  return {
    get up() {
      return guard.up;
    },
    cache: cacheOn(server, `${options.keyPrefix}cache:`, cameUp.add),
    state: stateOn(server, stateKey, subscription.mend, changed.add),
    heartbeats: heartbeatsOn(server, `${options.keyPrefix}replicas`, cameUp.add),
    counters: redisCounters(
      { isUp: server.isUp, run: (script, key, args) => guard.run(() => client.eval(script, 1, key, ...args)) },
      options.keyPrefix,
    ),
    entries: entriesOn(server, `${options.keyPrefix}entry:`),
    tallies: replica => talliesOn(server, `${options.keyPrefix}tally:`, replica),
    get unanswered() {
      return client.commandQueue.length;
    },
    close: () => {
      guard.close();
      subscription.close();
      client.disconnect();
    },
  };
}

/** A connection, and the only way to send commands over it. */
interface Server {
  readonly client: Redis;
  readonly run: RedisGuard['run'];
  isUp(): boolean;
}

/** Connects, and tells the guard what becomes of the connection. */
function watch(client: Redis, guard: RedisGuard): void {
  let lastError: string | undefined;
  client.on('error', error => {
    lastError = error.message;
  });
  client.on('ready', () => {
    lastError = undefined;
    guard.connected();
  });
  client.on('close', () => guard.disconnected(lastError ?? 'connection closed'));
  client.connect().catch(ignore);
}

/**
 * Hears announcements on a connection of its own: in RESP2 one that subscribes can do nothing else. The client's own
 * resubscription is off, since its failure would be an unhandled rejection.
 */
function subscribe(subscriber: Redis, channel: string, heard: () => void): { mend(): void; close(): void } {
  let listening = false;
  const listen = async () => {
    await subscriber.subscribe(channel);
    listening = true;
    heard();
  };
  subscriber.on('error', ignore);
  subscriber.on('ready', () => listen().catch(ignore));
  subscriber.on('close', () => {
    listening = false;
  });
  subscriber.on('message', heard);
  subscriber.connect().catch(ignore);
  return {
    /** A subscription hears nothing of its own death; an unanswered ping ends it through `socketTimeout`. */
    mend: () => {
      if (subscriber.status === 'ready') (listening ? subscriber.ping() : listen()).catch(ignore);
    },
    close: () => subscriber.disconnect(),
  };
}

function cacheOn({ client, run, isUp }: Server, prefix: string, onUp: SharedCache['onUp']): SharedCache {
  return {
    get up() {
      return isUp();
    },
    get: async key => (await run(() => client.getBuffer(prefix + key))) ?? undefined,
    set: async (key, value, ttlMs) => {
      await run(() => client.set(prefix + key, value, 'PX', Math.max(1, Math.ceil(ttlMs))));
    },
    removeAll: async pattern => {
      let removed = 0;
      let cursor = '0';
      do {
        const [next, keys] = await run(() => client.scan(cursor, 'MATCH', prefix + pattern, 'COUNT', keysPerScan));
        if (keys.length > 0) removed += await run(() => client.unlink(keys));
        cursor = next;
      } while (cursor !== '0');
      return removed;
    },
    onUp,
  };
}

const keysPerScan = 1_000;

function stateOn(
  { client, run, isUp }: Server,
  key: string,
  mendSubscription: () => void,
  onChange: StateLink['onChange'],
): StateLink {
  return {
    get up() {
      return isUp();
    },
    readAll: async () => {
      mendSubscription();
      return new Map(Object.entries(await run(() => client.hgetall(key))));
    },
    replace: async (name, text, former) =>
      String(await run(() => client.eval(replaceScript, 1, key, name, text, former ?? ''))),
    offer: async (name, text) => String(await run(() => client.eval(offerScript, 1, key, name, text))),
    onChange,
  };
}

function heartbeatsOn({ client, run, isUp }: Server, key: string, onUp: HeartbeatLink['onUp']): HeartbeatLink {
  return {
    get up() {
      return isUp();
    },
    beat: async (id, forMs) => Number(await run(() => client.eval(beatScript, 1, key, id, forMs))),
    leave: async id => {
      await run(() => client.zrem(key, id));
    },
    onUp,
  };
}

function entriesOn({ client, run }: Server, prefix: string): SharedEntries {
  return {
    put: async (entries, ttlMs) => {
      await run(() => {
        const commands = client.pipeline();
        for (const [key, text] of entries) commands.set(prefix + key, text, 'PX', Math.ceil(ttlMs));
        return commands.exec();
      });
    },
    get: async key => (await run(() => client.get(prefix + key))) ?? undefined,
    claim: async (key, text, ttlMs) =>
      String(await run(() => client.eval(claimScript, 1, prefix + key, text, Math.ceil(ttlMs)))),
    delete: async key => {
      await run(() => client.del(prefix + key));
    },
  };
}

/** A hash per scope, with a field per replica. */
function talliesOn({ client, run }: Server, prefix: string, replica: string): Tallies {
  return {
    publish: async (scope, text) => {
      const key = prefix + scope;
      await run(() => client.multi().hset(key, replica, text).pexpire(key, tallyTtlMs).exec());
    },
    collect: async scope => new Map(Object.entries(await run(() => client.hgetall(prefix + scope)))),
    forget: async scope => {
      await run(() => client.del(prefix + scope));
    },
  };
}

const tallyTtlMs = 86_400_000;

function listeners(): { add(listener: () => void): () => void; tell(): void } {
  const all = new Set<() => void>();
  return {
    add: listener => {
      all.add(listener);
      return () => all.delete(listener);
    },
    tell: () => {
      for (const listener of all) listener();
    },
  };
}

function ignore(): void {}

/**
 * Settings for a Redis that must never be waited for. Of ioredis' defaults: an offline queue without bound, 20 retries
 * per command, no command timeout. Without `socketTimeout` a black-holed connection stays "ready", collects timed-out
 * commands for ever and does not recover.
 */
function newClient(options: RedisOptions, random: Random): Redis {
  return new Redis(options.url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    connectTimeout: options.connectTimeoutMs,
    commandTimeout: options.commandTimeoutMs,
    socketTimeout: options.socketTimeoutMs,
    disconnectTimeout: 100,
    // Older servers and proxies do not know RESP3, and nothing here needs it.
    protocol: 2,
    retryStrategy: attempt => Math.min(2_000, 50 * 2 ** attempt) + 200 * random(),
    // A replica that was promoted elsewhere answers READONLY here.
    reconnectOnError: error => error.message.startsWith('READONLY'),
  });
}
