import { test } from 'tap';
import { createRateLimiter } from '../../src/security/rate-limiter.ts';
import { eventually } from '../helpers/eventually.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { startRedis } from '../helpers/redis.ts';
import { redisLink } from '../helpers/redis-replica.ts';

const rate = { perSecond: 0.001, burst: 10 };
const replicas = () => 2;

test('replicas on one Redis share a rate exactly; without it each has its share', async t => {
  const redis = await startRedis(t);
  const alone: string[] = [];
  const limiters = [redisLink(t, redis.url), redisLink(t, redis.url)].map(({ link }) => ({
    link,
    // Redis' own clock counts; a clock that stands still here never runs out of patience.
    limiter: createRateLimiter({
      clock: manualClock(),
      shared: link.counters,
      replicas,
      decidedAlone: tenant => alone.push(tenant),
    }),
  }));
  await eventually(t, 'both are connected', () => limiters.every(({ link }) => link.up));
  const take = async (count: number) => {
    let went = 0;
    for (let call = 0; call < count; call += 1)
      for (const { limiter } of limiters) if ((await limiter.take('acme', rate)) === 0) went += 1;
    return went;
  };
  t.equal(await take(20), 10, 'together as many as one alone');
  t.same(alone, []);
  const [first] = limiters;
  const waitMs = await first?.limiter.take('acme', rate);
  t.ok(waitMs !== undefined && waitMs > 900_000 && waitMs <= 1_000_000, 'and told how long to wait');
  t.equal(await first?.limiter.take('other', rate), 0, 'a tenant does not pay for another');
  await redis.kill();
  await eventually(t, 'both know that it is gone', () => limiters.every(({ link }) => !link.up));
  t.equal(await take(20), 0, 'the local buckets were kept up to date: a dead Redis opens nothing');
  t.ok(alone.length >= 40);
});

test('a Redis that always answers too late is soon not asked, though it answers', async t => {
  const clock = manualClock();
  let asked = 0;
  const takeRate = () => {
    asked += 1;
    return new Promise<number>(resolve => clock.after(50, () => resolve(0)));
  };
  const shared = { up: true, takeRate, addSpend: async () => 0 };
  const limiter = createRateLimiter({ clock, shared, replicas, decidedAlone: () => {} });
  for (let call = 0; call < 12; call += 1) {
    const decision = limiter.take('acme', rate);
    clock.advance(50);
    await decision;
  }
  t.equal(asked, 5);
});

test('a Redis that does not answer in time is not waited for, and soon not asked', async t => {
  const clock = manualClock();
  let asked = 0;
  const shared = {
    up: true,
    takeRate: () => {
      asked += 1;
      return new Promise<number>(() => {});
    },
    addSpend: async () => 0,
  };
  const limiter = createRateLimiter({ clock, shared, replicas, decidedAlone: () => {} });
  const decisions: number[] = [];
  for (let call = 0; call < 12; call += 1) {
    const decision = limiter.take('acme', rate);
    clock.advance(25);
    decisions.push(await decision);
  }
  t.same(
    decisions.map(waitMs => waitMs === 0),
    [...Array(5).fill(true), ...Array(7).fill(false)],
    'its share of the burst',
  );
  t.equal(asked, 5);
  clock.advance(1_000);
  const decision = limiter.take('acme', rate);
  clock.advance(25);
  await decision;
  t.equal(asked, 6, 'asked again after a while');
});
