import { type Test, test } from 'tap';
import { seededRandom } from '../../src/core/random.ts';
import type { CacheEntry } from '../../src/fallback/cache.ts';
import { cacheKeys } from '../../src/fallback/cache-key.ts';
import { responseCache } from '../../src/fallback/response-cache.ts';
import { eventually } from '../helpers/eventually.ts';
import { entryOf } from '../helpers/fallback-fixtures.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { startRedis } from '../helpers/redis.ts';
import { type ReplicaOptions, replica, shortLimits } from '../helpers/redis-replica.ts';
import { type TcpProxy, tcpProxy } from '../helpers/tcp-proxy.ts';

/** The cache's clock moves only when told, so that a read which waits for Redis stays unanswered until then. */
const startMs = Date.now();

async function cacheAt(t: Test, url: string, options: ReplicaOptions = {}) {
  const clock = manualClock(startMs);
  const { link, state } = await replica(t, url, options);
  const cache = responseCache({
    options: { maxBytes: 1_000_000, maxEntryBytes: 100_000, redisBudgetMs: 10 },
    keys: cacheKeys('a secret of the whole fleet'),
    clock,
    random: seededRandom(1),
    state,
    shared: link.cache,
  });
  t.teardown(() => cache.close());
  await eventually(t, 'connected', () => link.up);
  /** A read that is given its whole budget, and not a moment more. */
  const read = (key: string): Promise<CacheEntry | undefined> => {
    const answer = cache.get(key);
    clock.advance(10);
    return answer;
  };
  const store = (key: string, body?: string) =>
    cache.set(key, entryOf(clock.wallMs(), body === undefined ? {} : { body }), 3_600);
  return { cache, clock, link, read, store };
}

/** A cache behind a proxy, and one with a straight line to the same Redis. */
async function twoCaches(t: Test) {
  const redis = await startRedis(t);
  const proxy: TcpProxy = await tcpProxy(t, redis.port);
  const troubled = await cacheAt(t, `redis://127.0.0.1:${proxy.port}`, { limits: shortLimits });
  const well = await cacheAt(t, redis.url);
  return { redis, proxy, troubled, well };
}

/** Until Redis holds it, as seen by a cache that has it not in memory. */
const shares = (t: Test, reader: Awaited<ReturnType<typeof cacheAt>>, key: string) =>
  eventually(t, `${key} is shared`, async () => (await reader.cache.get(key)) !== undefined);

test('what one replica answered another has from Redis', async t => {
  const { troubled, well } = await twoCaches(t);
  troubled.store('k', 'a body with ⛅');
  await shares(t, well, 'k');
  t.equal(well.cache.peek('k')?.answer.body.toString(), 'a body with ⛅');
  t.equal(well.clock.timers, 0);
});

test('Redis killed: reads are answered without time passing, memory serves on, and sharing resumes', async t => {
  const { redis, troubled, well } = await twoCaches(t);
  troubled.store('k');
  await shares(t, well, 'k');
  await redis.kill();
  await eventually(t, 'it is known to be down', () => !troubled.link.up && !well.link.up);
  t.equal(await troubled.cache.get('unknown'), undefined);
  t.ok(await troubled.cache.get('k'));
  troubled.store('meanwhile');
  await redis.restart();
  await eventually(t, 'both are back', () => troubled.link.up && well.link.up);
  await shares(t, well, 'meanwhile');
  troubled.store('after');
  await shares(t, well, 'after');
});

test('Redis black-holed: every read is answered within its budget, then with no wait; nothing piles up', async t => {
  const { proxy, troubled } = await twoCaches(t);
  troubled.store('k');
  await proxy.set('black-hole');
  const reads: Promise<CacheEntry | undefined>[] = [];
  for (let number = 0; number < 500; number += 1) reads.push(troubled.read(`unknown-${number}`));
  t.same(new Set(await Promise.all(reads)), new Set([undefined]));
  t.ok(troubled.link.unanswered <= 10, 'a late store is soon left alone');
  t.ok(troubled.cache.stats().lateReads >= 5);
  t.ok(await troubled.cache.get('k'), 'memory serves on');
  for (let number = 0; number < 3_000; number += 1) troubled.store(`written-${number}`);
  t.ok(troubled.cache.stats().writesWaiting <= 1_000, 'writes are bounded');
  await eventually(t, 'it is known to be down', () => !troubled.link.up);
  t.equal(await troubled.cache.get('unknown'), undefined);
  await eventually(t, 'nothing is held', () => troubled.link.unanswered === 0);
  await proxy.set('pass');
  await eventually(t, 'it is back', () => troubled.link.up);
});

test('Redis slow: reads go on without it, and what comes late serves the next call', async t => {
  const { redis, proxy, troubled, well } = await twoCaches(t);
  well.store('k');
  const third = await cacheAt(t, `redis://127.0.0.1:${redis.port}`);
  await shares(t, third, 'k');
  proxy.delay(20);
  t.equal(await troubled.read('k'), undefined);
  await eventually(t, 'in memory when it came', () => troubled.cache.peek('k') !== undefined);
  t.equal(troubled.cache.stats().lateReads, 1);
});

test('a purge reaches the memory of another replica and what Redis holds', async t => {
  const { troubled, well } = await twoCaches(t);
  troubled.store('k');
  await shares(t, well, 'k');
  for (const { clock } of [troubled, well]) clock.advance(1);
  t.equal(await well.cache.purge('rain', 'v1'), 1);
  await eventually(t, 'gone from the other’s memory', () => troubled.cache.stats().entries === 0);
  t.equal(await troubled.cache.get('k'), undefined);
  t.equal(await well.cache.get('k'), undefined);
  troubled.clock.advance(1);
  troubled.store('k');
  t.ok(troubled.cache.peek('k'), 'what is answered afterwards is kept');
});
