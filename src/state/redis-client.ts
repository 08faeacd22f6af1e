import { type RedisOptions as ClientOptions, Cluster, Redis } from 'ioredis';
import type { Random } from '../core/random.ts';
import type { RedisOptions } from './options.ts';

/** The commands that are used. Each concerns one key, or a cluster would not know which node to ask. */
export type RedisCommands = Pick<Redis, 'del' | 'eval' | 'get' | 'getBuffer' | 'hgetall' | 'set' | 'unlink' | 'zrem'>;

/** One server or a cluster, and the connections to it. Nothing connects before `start`. */
export interface RedisClient {
  readonly commands: RedisCommands;
  /** What holds keys now, for going through them all: the server, or the masters. */
  nodes(): readonly Pick<Redis, 'scan'>[];
  /** Commands sent and not answered. */
  readonly unanswered: number;
  /** Resolves when commands would be answered now; rejects with the reason when not. */
  ping(): Promise<unknown>;
  /** Connects, again and again, and tells what becomes of it. */
  start(told: { connected(): void; disconnected(reason: string): void }): void;
  close(): void;
}

/** The client of the server or cluster that the options name. */
export function redisClient(options: RedisOptions, random: Random): RedisClient {
  return options.cluster === undefined
    ? serverClient(newServer(options, options.url ?? '', random))
    : clusterClient(newCluster(options, options.cluster, random), `${options.keyPrefix}ping:`, random);
}

function serverClient(server: Redis): RedisClient {
  return {
    commands: server,
    nodes: () => [server],
    get unanswered() {
      return server.commandQueue.length;
    },
    ping: async () => {
      await server.ping();
      // It would answer for its own share of the keys, and refuse the others.
      if (await isOfCluster(server)) throw new Error('a node of a cluster: write redis.cluster instead of redis.url');
    },
    start: told => watch(server, told),
    close: () => server.disconnect(),
  };
}

/** False also where the account may not ask. */
async function isOfCluster(server: Redis): Promise<boolean> {
  const text = await server.info('cluster').catch((error: unknown) => {
    if (error instanceof Error && error.name === 'ReplyError') return '';
    throw error;
  });
  return text.includes('cluster_enabled:1');
}

function clusterClient(cluster: Cluster, pingPrefix: string, random: Random): RedisClient {
  return {
    commands: cluster,
    nodes: () => cluster.nodes('master'),
    get unanswered() {
      return cluster.nodes().reduce((sum, node) => sum + node.commandQueue.length, 0);
    },
    ping: async () => {
      // Connects to all: what is sent to a node while that is under way fails. One lost master is not the whole cluster.
      await Promise.allSettled(cluster.nodes('master').map(node => node.ping()));
      // PING is answered by nodes whose cluster is down; a key is not. Any slot's, or the loss of one might decide.
      await cluster.exists(`${pingPrefix}${random()}`);
    },
    start: told => watch(cluster, told),
    close: () => cluster.disconnect(),
  };
}

function watch(client: Redis | Cluster, told: Parameters<RedisClient['start']>[0]): void {
  let lastError: string | undefined;
  client.on('error', (error: Error) => {
    lastError = error.message;
  });
  client.on('ready', () => {
    lastError = undefined;
    told.connected();
  });
  client.on('close', () => told.disconnected(lastError ?? 'connection closed'));
  client.connect().catch(ignore);
}

/**
 * Hears announcements, on connections of its own: in RESP2 one that subscribes can do nothing else. A cluster passes
 * them on to all its nodes, so each that is named is listened to, and one that is left suffices.
 */
export function subscribeAll(
  options: RedisOptions,
  random: Random,
  channel: string,
  heard: () => void,
): { mend(): void; close(): void } {
  const urls = options.cluster ?? [options.url ?? ''];
  const subscriptions = urls.map(url => subscribe(newServer(options, url, random), channel, heard));
  return {
    mend: () => {
      for (const subscription of subscriptions) subscription.mend();
    },
    close: () => {
      for (const subscription of subscriptions) subscription.close();
    },
  };
}

/** The client's own resubscription is off, since its failure would be an unhandled rejection. */
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

function ignore(): void {}

/**
 * Settings for a Redis that must never be waited for. Of ioredis' defaults: an offline queue without bound, 20 retries
 * per command, no command timeout. Without `socketTimeout` a black-holed connection stays "ready", collects timed-out
 * commands for ever and does not recover.
 */
function impatient(options: RedisOptions) {
  return {
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    connectTimeout: options.connectTimeoutMs,
    commandTimeout: options.commandTimeoutMs,
    socketTimeout: options.socketTimeoutMs,
    disconnectTimeout: 100,
    // Older servers and proxies do not know RESP3, and nothing here needs it.
    protocol: 2,
  } as const satisfies ClientOptions;
}

function backOff(random: Random): (attempt: number) => number {
  return attempt => Math.min(2_000, 50 * 2 ** attempt) + 200 * random();
}

function newServer(options: RedisOptions, url: string, random: Random): Redis {
  return new Redis(url, {
    ...impatient(options),
    lazyConnect: true,
    enableOfflineQueue: false,
    retryStrategy: backOff(random),
    // A replica that was promoted elsewhere answers READONLY here.
    reconnectOnError: error => error.message.startsWith('READONLY'),
  });
}

/**
 * Of ioredis' defaults for clusters: 16 redirections of one command, and 100 ms of waiting before each try at a node
 * that is gone or a cluster that is down. Here such a command fails at once; a slot that moved is followed. The nodes
 * that a cluster names are reached with the account and the encryption of the first URL.
 */
function newCluster(options: RedisOptions, urls: readonly string[], random: Random): Cluster {
  const first = new URL(urls[0] ?? '');
  return new Cluster([...urls], {
    lazyConnect: true,
    enableOfflineQueue: false,
    clusterRetryStrategy: backOff(random),
    maxRedirections: 3,
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    retryDelayOnTryAgain: 10,
    slotsRefreshTimeout: options.connectTimeoutMs,
    slotsRefreshInterval: 5_000,
    // The socket looks names up; addresses here would not fit a certificate.
    dnsLookup: (address, callback) => callback(null, address),
    redisOptions: {
      ...impatient(options),
      ...(first.username !== '' && { username: decodeURIComponent(first.username) }),
      ...(first.password !== '' && { password: decodeURIComponent(first.password) }),
      ...(first.protocol === 'rediss:' && { tls: {} }),
    },
  });
}
