import { randomUUID } from 'node:crypto';
import type { Config } from '../config/schema.ts';
import { batchKind } from '../jobs/batches/batch-kind.ts';
import { jobKind } from '../jobs/job-kind.ts';
import { fileState, openRecords } from '../state/file.ts';
import { connectRedis, type RedisDeps } from '../state/redis.ts';
import { countReplicas } from '../state/replica-count.ts';
import { sharedState } from '../state/shared-state.ts';
import type { SharedCache, SharedCounters, SharedEntries, StateStore, Tallies } from '../state/state.ts';
import { localTallies } from '../state/tallies.ts';
import { isFurther } from './further.ts';

/** Where what outlives a request is kept: `stateDir`, and Redis in front of it when configured. */
export interface Stores {
  readonly state: StateStore;
  readonly shared: SharedCache | undefined;
  /** Undefined without Redis. */
  readonly counters: SharedCounters | undefined;
  /** Of this run of the process. */
  readonly tallies: Tallies;
  /** Of a replica of this name, for counts that one run begins and the next goes on with. */
  talliesAs(replica: string): Tallies;
  /** Undefined without Redis. */
  readonly entries: SharedEntries | undefined;
  /** Undefined without Redis. */
  redisUp(): boolean | undefined;
  /** Commands that Redis has not answered; 0 without Redis. */
  redisUnanswered(): number;
  /** Replicas that share the fleet's limits: by their heartbeats in Redis, else `configured`. */
  replicas(configured: number): number;
  close(): Promise<void>;
}

/** Keys of jobs and batches: there are many, none is used again, and the buckets know what is true. */
function isWork(key: string): boolean {
  return key.startsWith(jobKind.indexPrefix) || key.startsWith(batchKind.indexPrefix);
}

/** Opens the stores. Rejects when `stateDir` cannot be used; never because Redis is down. */
export async function openStores(config: Config, deps: RedisDeps & { warn(message: string): void }): Promise<Stores> {
  const file = { dir: config.stateDir, clock: deps.clock, warn: deps.warn };
  if (config.redis === undefined) {
    const state = await fileState({ ...file, mayForget: isWork });
    return {
      state,
      shared: undefined,
      counters: undefined,
      tallies: localTallies(),
      talliesAs: localTallies,
      entries: undefined,
      redisUp: () => undefined,
      redisUnanswered: () => 0,
      replicas: configured => configured,
      close: () => state.close(),
    };
  }
  const replica = randomUUID();
  const store = await openRecords(file);
  const redis = connectRedis(config.redis, deps);
  const state = sharedState({ ...deps, store, link: redis.state, mayForget: isWork, isFurther });
  const replicas = countReplicas(redis.heartbeats, replica, deps);
  return {
    state,
    shared: redis.cache,
    counters: redis.counters,
    tallies: redis.tallies(replica),
    talliesAs: redis.tallies,
    entries: redis.entries,
    redisUp: () => redis.up,
    redisUnanswered: () => redis.unanswered,
    replicas: replicas.count,
    close: async () => {
      await replicas.close();
      await state.close();
      redis.close();
    },
  };
}
