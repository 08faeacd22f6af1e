import { test } from 'tap';
import { systemRandom } from '../../src/core/random.ts';
import { cacheKeys } from '../../src/fallback/cache-key.ts';
import { encodeEntry } from '../../src/fallback/envelope.ts';
import type { CacheStoreOptions } from '../../src/fallback/options.ts';
import { type ResponseCacheDeps, responseCache } from '../../src/fallback/response-cache.ts';
import type { SharedCache } from '../../src/state/state.ts';
import { entryOf } from '../helpers/fallback-fixtures.ts';
import { type ManualClock, manualClock } from '../helpers/manual-clock.ts';
import { memoryReplicas } from '../helpers/memory-state.ts';

const secret = 'a secret of the whole fleet';
const settle = () => new Promise(resolve => setImmediate(resolve));

/** A shared store in memory: it can be down, and its reads can be held until `release`. */
class FakeShared implements SharedCache {
  removeAll = async (_pattern: string): Promise<number> => 0;
  readonly held = new Map<string, Buffer>();
  readonly ttls: number[] = [];
  up = true;
  reads = 0;
  holding = false;
  #waiting: (() => void)[] = [];
  #listeners = new Set<() => void>();
  async get(key: string) {
    this.reads += 1;
    if (this.holding) await new Promise<void>(resolve => this.#waiting.push(resolve));
    if (!this.up) throw new Error('down');
    return this.held.get(key);
  }
  async set(key: string, value: Buffer, ttlMs: number) {
    if (!this.up) throw new Error('down');
    this.held.set(key, value);
    this.ttls.push(ttlMs);
  }
  onUp(listener: () => void) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  comeUp() {
    this.up = true;
    for (const listener of this.#listeners) listener();
  }
  release() {
    for (const resume of this.#waiting.splice(0)) resume();
  }
}

interface Bench {
  readonly clock?: ManualClock;
  readonly options?: Partial<CacheStoreOptions>;
  readonly shared?: SharedCache;
  readonly state?: ResponseCacheDeps['state'];
  readonly keySecret?: string;
}

function bench({ clock = manualClock(), options, shared, state, keySecret = secret }: Bench = {}) {
  const cache = responseCache({
    options: { maxBytes: 1_000_000, maxEntryBytes: 100_000, redisBudgetMs: 10, ...options },
    keys: cacheKeys(keySecret === '' ? undefined : keySecret),
    clock,
    random: systemRandom,
    state: state ?? memoryReplicas()(),
    ...(shared === undefined ? {} : { shared }),
  });
  return { clock, cache, entry: (some?: Parameters<typeof entryOf>[1]) => entryOf(clock.wallMs(), some) };
}

test('an answer is had at once until the time it was kept for is over', t => {
  const { cache, clock, entry } = bench();
  const kept = entry();
  cache.set('k', kept, 10);
  clock.advance(9_999);
  t.same(cache.peek('k'), kept);
  clock.advance(1);
  t.equal(cache.peek('k'), undefined);
  t.equal(cache.stats().entries, 0);
  t.end();
});

test('memory is bounded in bytes, headers counted, the least recently used going first', t => {
  const { cache, entry } = bench({ options: { maxBytes: 10_000 } });
  const headers = { 'x-pad': 'h'.repeat(1_000) };
  for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) {
    cache.set(key, entry({ answer: { status: 200, headers, body: Buffer.alloc(500) } }), 10);
    cache.peek('a');
  }
  t.ok(cache.stats().bytes <= 10_000);
  t.equal(cache.stats().entries, 4);
  t.ok(cache.peek('a'), 'used lately');
  t.equal(cache.peek('b'), undefined);
  t.end();
});

test('large answers, errors and answers already useless are not kept', t => {
  const { cache, entry } = bench({ options: { maxEntryBytes: 5_000 } });
  cache.set('large', entry({ body: 'x'.repeat(5_000) }), 10);
  cache.set('error', entry({ answer: { status: 500, headers: {}, body: Buffer.from('') } }), 10);
  cache.set('useless', entry(), 0);
  t.equal(cache.stats().entries, 0);
  t.end();
});

test('a small answer does not keep the buffer alive that it came in', t => {
  const { cache, entry } = bench();
  const socketBuffer = Buffer.alloc(65_536, 'a');
  cache.set('k', entry({ answer: { status: 200, headers: {}, body: socketBuffer.subarray(10, 20) } }), 10);
  const body = cache.peek('k')?.answer.body;
  t.equal(body?.toString(), 'aaaaaaaaaa');
  t.equal(body?.buffer.byteLength, 10);
  t.end();
});

test('without room in memory nothing is kept there', async t => {
  const { cache, entry } = bench({ options: { maxBytes: 0 } });
  cache.set('k', entry(), 10);
  t.equal(cache.peek('k'), undefined);
  t.equal(await cache.get('k'), undefined);
  t.equal(await cache.purge('rain'), 0);
});

test('what one replica stores another reads, and then has in its own memory', async t => {
  const shared = new FakeShared();
  const clock = manualClock();
  const [one, two] = [bench({ clock, shared }), bench({ clock, shared })];
  const kept = one.entry();
  one.cache.set('k', kept, 10);
  await settle();
  t.equal(two.cache.peek('k'), undefined);
  t.same(await two.cache.get('k'), kept);
  t.same(two.cache.peek('k'), kept);
  t.ok((shared.ttls[0] ?? 0) >= 10_000 && (shared.ttls[0] ?? 0) <= 11_000, 'kept there to the end, and a little more');
  clock.advance(10_000);
  t.equal(await two.cache.get('k'), undefined, 'the jitter serves nobody');
  t.equal(clock.timers, 0);
});

test('nothing is shared without a configured secret', async t => {
  const shared = new FakeShared();
  const { cache, entry } = bench({ shared, keySecret: '' });
  cache.set('k', entry(), 10);
  await settle();
  t.equal(await cache.get('other'), undefined);
  t.same([shared.held.size, shared.reads], [0, 0]);
});

test('what is not an entry of ours is a miss', async t => {
  const shared = new FakeShared();
  const { cache, entry } = bench({ shared });
  const sealed = encodeEntry(cacheKeys(secret), 'k', { entry: entry(), usableUntilMs: Number.MAX_SAFE_INTEGER });
  for (const bytes of [Buffer.alloc(0), Buffer.from('{"answer":1}'), sealed.subarray(0, 60)]) {
    shared.held.set('k', bytes);
    t.equal(await cache.get('k'), undefined);
  }
  shared.held.set('elsewhere', sealed);
  t.equal(await cache.get('elsewhere'), undefined, 'an entry moved to another key');
  shared.held.set('k', sealed);
  t.ok(await cache.get('k'));
});

test('a read waits for the shared store no longer than its budget, and keeps what comes late', async t => {
  const shared = new FakeShared();
  const clock = manualClock();
  const writer = bench({ clock, shared });
  writer.cache.set('k', writer.entry(), 10);
  await settle();
  const { cache } = bench({ clock, shared });
  shared.holding = true;
  let answered = false;
  const read = cache.get('k').then(entry => {
    answered = true;
    return entry;
  });
  clock.advance(9);
  await settle();
  t.equal(answered, false);
  clock.advance(1);
  t.equal(await read, undefined);
  t.equal(cache.stats().lateReads, 1);
  shared.release();
  await settle();
  t.ok(cache.peek('k'), 'the next call has it');
});

test('a store that is late again and again is left alone for a second', async t => {
  const shared = new FakeShared();
  const { cache, clock } = bench({ shared });
  shared.holding = true;
  for (let read = 0; read < 5; read += 1) {
    const answer = cache.get('k');
    clock.advance(10);
    await answer;
  }
  t.equal(await cache.get('k'), undefined, 'answered with no time passing');
  t.equal(shared.reads, 5);
  clock.advance(1_000);
  shared.holding = false;
  await cache.get('k');
  t.equal(shared.reads, 6);
});

test('a store that is down or fails costs no wait', async t => {
  const shared = new FakeShared();
  const { cache, clock, entry } = bench({ shared });
  shared.holding = true;
  const failing = cache.get('k');
  shared.up = false;
  shared.release();
  t.equal(await failing, undefined, 'it failed during the read');
  t.equal(await cache.get('k'), undefined);
  t.equal(shared.reads, 1, 'it is not asked while down');
  cache.set('k', entry(), 10);
  t.ok(await cache.get('k'), 'memory serves on');
  t.equal(clock.timers, 0);
});

test('writes wait for a store that is down, the oldest being dropped, and go out when it is back', async t => {
  const shared = new FakeShared();
  const { cache, entry } = bench({ shared });
  shared.up = false;
  for (let number = 0; number < 1_200; number += 1) cache.set(`k${number}`, entry(), 10);
  t.match(cache.stats(), { writesWaiting: 1_000, writesDropped: 200 });
  shared.up = true;
  cache.set('last', entry(), 10);
  while (cache.stats().writesWaiting > 0) await settle();
  await settle();
  t.same([shared.held.has('k200'), shared.held.has('k201'), shared.held.has('last')], [false, true, true]);
});

test('purging a version or a model drops its answers and no others', async t => {
  const { cache, clock, entry } = bench();
  cache.set('1', entry(), 100);
  cache.set('2', entry({ version: 'v2' }), 100);
  cache.set('3', entry({ model: 'rain-lite' }), 100);
  t.equal(await cache.purge('rain', 'v1'), 1);
  t.same([cache.peek('1'), cache.peek('2')?.version, cache.peek('3')?.model], [undefined, 'v2', 'rain-lite']);
  t.equal(await cache.purge('rain'), 1);
  t.same([cache.peek('2'), cache.peek('3')?.model], [undefined, 'rain-lite']);
  const old = entry();
  clock.advance(1);
  cache.set('1', entry(), 100);
  t.ok(cache.peek('1'), 'what is answered after the purge is kept');
  cache.set('1', old, 100);
  cache.set('2', old, 100);
  t.equal(cache.peek('2'), undefined, 'what was answered before is not');
});

test('a purge reaches the memory of other replicas, what is shared, and those that start later', async t => {
  const shared = new FakeShared();
  const clock = manualClock();
  const replica = memoryReplicas();
  const [one, two] = [bench({ clock, shared, state: replica() }), bench({ clock, shared, state: replica() })];
  one.cache.set('k', one.entry(), 100);
  await settle();
  t.ok(await two.cache.get('k'));
  clock.advance(1);
  await one.cache.purge('rain', 'v1');
  t.equal(two.cache.peek('k'), undefined, 'in memory');
  t.equal(two.cache.stats().entries, 0);
  t.equal(await two.cache.get('k'), undefined, 'in the shared store');
  const three = bench({ clock, shared, state: replica() });
  t.ok(shared.held.has('k'));
  t.equal(await three.cache.get('k'), undefined, 'after a restart');
});

test('a purge that cannot be kept is an error, and still takes effect here', async t => {
  const state = { ...memoryReplicas()(), set: () => Promise.reject(new Error('disk full')) };
  const { cache, entry } = bench({ state });
  cache.set('k', entry(), 100);
  await t.rejects(cache.purge('rain'), { message: 'disk full' });
  t.equal(cache.peek('k'), undefined);
});

test('a purge from a clock far ahead, or one that makes no sense, does not shut the cache', async t => {
  const state = memoryReplicas()();
  const clock = manualClock();
  await state.set('purge/rain/*', String(clock.wallMs() + 86_400_000));
  await state.set('purge/rain/v2', 'soon');
  const { cache, entry } = bench({ clock, state });
  clock.advance(60_001);
  cache.set('k', entry(), 100);
  t.ok(cache.peek('k'));
});

test('a tenant’s answers can be removed, here and in the shared store, and nobody else’s', async t => {
  const shared = new FakeShared();
  const patterns: string[] = [];
  shared.removeAll = async pattern => patterns.push(pattern);
  const { cache, entry } = bench({ shared });
  const { tenantTag } = cacheKeys(secret);
  const keyOf = (tenant: string) => `rain/v1/${tenantTag(tenant)}.digest`;
  for (const tenant of ['acme', 'other']) cache.set(keyOf(tenant), entry(), 60);
  await settle();
  t.equal(await cache.purgeTenant('acme'), 1);
  t.strictSame(patterns, [`*/*/${tenantTag('acme')}.*`]);
  t.equal(cache.peek(keyOf('acme')), undefined);
  t.ok(cache.peek(keyOf('other')));
});
