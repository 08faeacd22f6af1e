import { test } from 'tap';
import { Spending } from '../../src/security/spending.ts';
import type { SharedCounters } from '../../src/state/state.ts';
import { eventually } from '../helpers/eventually.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { memoryState } from '../helpers/memory-state.ts';
import { startRedis } from '../helpers/redis.ts';
import { redisLink } from '../helpers/redis-replica.ts';

const settled = () => new Promise(resolve => setImmediate(resolve));

function account(shared?: SharedCounters, state = memoryState(), clock = manualClock(), replicas = 1) {
  const background = (work: () => Promise<unknown>) => void work();
  return { clock, state, spending: new Spending({ clock, state, shared, replicas: () => replicas, background }) };
}

test('money lasts until it is spent, and comes back at midnight, UTC', async t => {
  const { clock, spending } = account();
  spending.add('acme', 9.5);
  t.notOk(spending.isSpent('acme', 10));
  spending.add('acme', 0.5);
  t.ok(spending.isSpent('acme', 10));
  t.notOk(spending.isSpent('other', 10));
  clock.advance(spending.secondsLeft() * 1000 - 1);
  t.ok(spending.isSpent('acme', 10));
  clock.advance(1);
  t.notOk(spending.isSpent('acme', 10));
  await spending.close();
  t.equal(clock.timers, 0);
});

test('a restart remembers', async t => {
  const before = account();
  before.spending.add('acme', 10);
  await before.spending.close();
  const after = account(undefined, before.state, before.clock);
  t.ok(after.spending.isSpent('acme', 10));
  const nextDay = account(undefined, before.state, manualClock(before.clock.wallMs() + 86_400_000));
  t.notOk(nextDay.spending.isSpent('acme', 10));
});

test('replicas add up; a Redis that forgets does not open the purse; without it each has its share of the rest', async t => {
  const redis = await startRedis(t);
  const links = [redisLink(t, redis.url).link, redisLink(t, redis.url).link];
  const [one, two] = links.map(link => account(link.counters, memoryState(), manualClock(), 2));
  if (one === undefined || two === undefined) return;
  await eventually(t, 'both are connected', () => links.every(link => link.up));
  const tell = async () => {
    for (const { clock } of [one, two]) {
      clock.advance(1_000);
      await settled();
    }
  };
  const known = async (usd: number) => {
    await tell();
    return [one, two].every(({ spending }) => Math.abs(spending.spentUsd('acme') - usd) < 1e-9);
  };
  one.spending.add('acme', 3);
  two.spending.add('acme', 4);
  await eventually(t, 'each knows the sum', () => known(7));
  await redis.kill();
  await eventually(t, 'both know that it is gone', () => links.every(link => !link.up));
  one.spending.add('acme', 1);
  t.notOk(one.spending.isSpent('acme', 10), 'of the 3 that were left, 1.5 are this one’s');
  one.spending.add('acme', 0.5);
  t.ok(one.spending.isSpent('acme', 10));
  await redis.restart();
  await eventually(t, 'both are connected again', () => links.every(link => link.up));
  await eventually(t, 'what was spent meanwhile is added to what was known', () => known(8.5));
});
