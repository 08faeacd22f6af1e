import type { Clock } from '../core/clock.ts';
import type { Emit } from '../core/events.ts';
import type { Random } from '../core/random.ts';
import { redisCounters } from './counters.ts';
import type { RedisOptions } from './options.ts';
import { type RedisClient, type RedisCommands, redisClient, subscribeAll } from './redis-client.ts';
import { type RedisGuard, redisGuard } from './redis-guard.ts';
import { beatScript, claimScript, dropScript, offerScript, replaceScript, tallyScript } from './redis-scripts.ts';
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
  const connection = redisClient(options, random);
  const client = connection.commands;
  const changed = listeners();
  const cameUp = listeners();
  const onUp = () => {
    changed.tell();
    cameUp.tell();
  };
  const guard = redisGuard({ clock, emit, ping: connection.ping, onUp });
  const stateKey = `${options.keyPrefix}state`;
  const subscription = subscribeAll(options, random, stateKey, changed.tell);
  const server: Server = { client, nodes: connection.nodes, run: command => guard.run(command), isUp: () => guard.up };
  connection.start(guard);
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
      return connection.unanswered;
    },
    close: () => {
      guard.close();
      subscription.close();
      connection.close();
    },
  };
}

/** A connection, and the only way to send commands over it. */
interface Server {
  readonly client: RedisCommands;
  readonly nodes: RedisClient['nodes'];
  readonly run: RedisGuard['run'];
  isUp(): boolean;
}

function cacheOn({ client, nodes, run, isUp }: Server, prefix: string, onUp: SharedCache['onUp']): SharedCache {
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
      for (const node of nodes()) {
        let cursor = '0';
        do {
          const [next, keys] = await run(() => node.scan(cursor, 'MATCH', prefix + pattern, 'COUNT', keysPerScan));
          const counts = await run(() => Promise.all(keys.map(key => client.unlink(key))));
          removed += counts.reduce((sum, count) => sum + count, 0);
          cursor = next;
        } while (cursor !== '0');
      }
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
    drop: async standing => {
      await run(() => client.eval(dropScript, 1, key, ...[...standing].flat()));
    },
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
      const forMs = Math.ceil(ttlMs);
      await run(() => Promise.all([...entries].map(([key, text]) => client.set(prefix + key, text, 'PX', forMs))));
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
      await run(() => client.eval(tallyScript, 1, key, replica, text, tallyTtlMs));
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
