import { Redis } from 'ioredis';
import { type Test, test } from 'tap';
import { systemClock } from '../../src/core/clock.ts';
import { openRecords } from '../../src/state/file.ts';
import { type StateLink, sharedState } from '../../src/state/shared-state.ts';
import { eventually } from '../helpers/eventually.ts';
import { type ManualClock, manualClock } from '../helpers/manual-clock.ts';
import { freePort, startRedis } from '../helpers/redis.ts';
import { replica, shortLimits } from '../helpers/redis-replica.ts';
import { stateDir } from '../helpers/state-dir.ts';
import { tcpProxy } from '../helpers/tcp-proxy.ts';

/** Time stands still, so nothing is polled: what arrives was announced. */
const stopped = () => manualClock(Date.now());

test('a change is announced to other replicas, and watched there but not here', async t => {
  const redis = await startRedis(t);
  const [one, two] = [await replica(t, redis.url), await replica(t, redis.url, { clock: stopped() })];
  const admin = new Redis(redis.url);
  t.teardown(() => admin.disconnect());
  await bothListen(t, admin);
  await one.state.set('drain/eu-west-1', 'by anna');
  await eventually(t, 'the other has it', () => two.state.get('drain/eu-west-1') === 'by anna');
  await one.state.delete('drain/eu-west-1');
  await eventually(t, 'and its end', () => two.state.get('drain/eu-west-1') === undefined);
  t.same(two.heard, ['drain/eu-west-1=by anna', 'drain/eu-west-1=undefined']);
  t.same(one.heard, []);
  t.equal(two.state.list('drain/').size, 0);
});

test('a change whose announcement was lost is found by polling', async t => {
  const redis = await startRedis(t);
  const one = await replica(t, redis.url);
  const clock = stopped();
  const two = await replica(t, redis.url, { clock });
  await eventually(t, 'both are connected', () => one.link.up && two.link.up);
  const admin = new Redis(redis.url);
  t.teardown(() => admin.disconnect());
  await bothListen(t, admin);
  await admin.call('ACL', 'SETUSER', 'default', '-subscribe');
  t.equal(await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub'), 2, 'announcements are cut off, and stay so');
  await one.state.set('drain/eu-west-1', 'by anna');
  await eventually(t, 'found at a poll', () => {
    clock.advance(2_000);
    return two.state.get('drain/eu-west-1') === 'by anna';
  });
});

const bothListen = (t: Test, admin: Redis) =>
  eventually(t, 'both listen', async () => Number((await admin.pubsub('NUMSUB', 'meridian:state'))[1]) === 2);

test('a subscription that died silently is noticed, and announcements come again', async t => {
  const redis = await startRedis(t);
  const proxy = await tcpProxy(t, redis.port);
  const clock = stopped();
  const one = await replica(t, redis.url);
  const two = await replica(t, `redis://127.0.0.1:${proxy.port}`, { clock, limits: shortLimits });
  await eventually(t, 'both are connected', () => one.link.up && two.link.up && proxy.open === 2);
  proxy.stallOpen();
  await eventually(t, 'both its connections are made anew', () => {
    clock.advance(2_000);
    return proxy.accepted === 4 && two.link.up;
  });
  // Time stands still again: nothing is polled.
  let round = 0;
  await eventually(t, 'a change is announced', async () => {
    round += 1;
    await one.state.set('weight', String(round));
    return two.state.get('weight') !== undefined && Number(two.state.get('weight')) > 1;
  });
});

test('without Redis the last known holds, changes included, and survives a restart', async t => {
  const redis = await startRedis(t);
  const one = await replica(t, redis.url);
  const two = await replica(t, redis.url);
  await eventually(t, 'both are connected', () => one.link.up && two.link.up);
  await one.state.set('drain/eu-west-1', 'by anna');
  await eventually(t, 'both have it', () => two.state.get('drain/eu-west-1') === 'by anna');
  await redis.kill();
  await eventually(t, 'both lost Redis', () => !one.link.up && !two.link.up);
  await two.state.set('drain/us-east-1', 'by ben');
  t.equal(two.state.get('drain/eu-west-1'), 'by anna');
  await two.close();
  const back = await replica(t, redis.url, { dir: two.dir });
  t.same([...back.state.list('drain/').keys()].sort(), ['drain/eu-west-1', 'drain/us-east-1']);
});

test('a Redis that comes back empty is filled again, and changes made meanwhile reach everybody', async t => {
  const redis = await startRedis(t);
  const [one, two] = [await replica(t, redis.url), await replica(t, redis.url)];
  await eventually(t, 'both are connected', () => one.link.up && two.link.up);
  await one.state.set('a', 'old');
  await one.state.set('b', 'gone soon');
  await eventually(t, 'both have them', () => two.state.list('').size === 2);
  await redis.kill();
  await eventually(t, 'both lost Redis', () => !one.link.up && !two.link.up);
  await two.state.set('a', 'changed meanwhile');
  await two.state.delete('b');
  await redis.restart();
  await eventually(t, 'the change arrived', () => one.state.get('a') === 'changed meanwhile');
  await eventually(t, 'the deletion too', () => one.state.get('b') === undefined);
  const late = await replica(t, redis.url);
  await eventually(t, 'a new replica learns it from Redis', () => late.state.get('a') === 'changed meanwhile');
  t.equal(late.state.get('b'), undefined);
});

test('of records that only move forward the one that has come further stands, though a replica that was alone wrote later', async t => {
  const redis = await startRedis(t);
  const [door, way] = [await tcpProxy(t, redis.port), await tcpProxy(t, redis.port)];
  const isFurther = (key: string, value: string, other: string) => key === 'step' && Number(value) > Number(other);
  const at = ({ port }: { port: number }) => `redis://127.0.0.1:${port}`;
  const one = await replica(t, at(door), { isFurther });
  const others = [await replica(t, at(way), { isFurther }), await replica(t, at(way), { isFurther })] as const;
  const all = [one, ...others];
  await eventually(t, 'all are connected', () => all.every(({ link }) => link.up));
  t.equal(await one.state.replace('step', undefined, '3'), true);
  await eventually(t, 'all know it', () => all.every(({ state }) => state.get('step') === '3'));
  await door.set('refuse');
  await eventually(t, 'one is alone', () => !one.link.up);
  for (const step of [4, 5, 6]) t.equal(await others[0].state.replace('step', `${step - 1}`, `${step}`), true);
  await eventually(t, 'the others go on', () => others[1].state.get('step') === '6');
  await way.set('refuse');
  await redis.restart();
  await door.set('pass');
  await eventually(t, 'one is alone with a Redis that forgot', () => one.link.up);
  t.equal(await one.state.replace('step', '3', '4'), true);
  await one.state.set('drain', 'by one');
  await way.set('pass');
  await eventually(t, 'what had come further is there for all', () =>
    all.every(({ state }) => state.get('step') === '6'),
  );
  await eventually(t, 'and the rest as it was written last', () => others[1].state.get('drain') === 'by one');
  for (const { heard } of others) {
    const steps = heard.flatMap(change => (change.startsWith('step=') ? [Number(change.slice(5))] : []));
    t.strictSame(steps, steps.toSorted(), 'nobody went back');
  }
});

test('starting without Redis works, and what was set then is handed over when it comes', async t => {
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const [one, two] = [await replica(t, url), await replica(t, url)];
  await one.state.set('drain/eu-west-1', 'by anna');
  await startRedis(t, { port });
  await eventually(t, 'the other has it', () => two.state.get('drain/eu-west-1') === 'by anna');
});

test('with a black-holed Redis a change is kept here without waiting for long, and arrives later', async t => {
  const redis = await startRedis(t);
  const proxy = await tcpProxy(t, redis.port);
  const one = await replica(t, `redis://127.0.0.1:${proxy.port}`, { limits: shortLimits });
  const two = await replica(t, redis.url);
  await eventually(t, 'both are connected', () => one.link.up && two.link.up);
  await proxy.set('black-hole');
  await one.state.set('drain/eu-west-1', 'by anna');
  t.equal(one.state.get('drain/eu-west-1'), 'by anna');
  t.equal(two.state.get('drain/eu-west-1'), undefined);
  await proxy.set('pass');
  await eventually(t, 'the other has it', () => two.state.get('drain/eu-west-1') === 'by anna');
});

test('the last change holds even if the clock of the replica that made it is behind', async t => {
  const redis = await startRedis(t);
  const ahead = await replica(t, redis.url, { clock: manualClock(Date.now() + 3_600_000) });
  const behind = await replica(t, redis.url, { clock: stopped() });
  await eventually(t, 'both are connected', () => ahead.link.up && behind.link.up);
  await ahead.state.set('weight', '10');
  await behind.state.set('weight', '20');
  t.equal(behind.state.get('weight'), '20');
  await eventually(t, 'the other follows', () => ahead.state.get('weight') === '20');
});

test('what others wrote but no replica understands is left alone', async t => {
  const redis = await startRedis(t);
  const admin = new Redis(redis.url);
  t.teardown(() => admin.disconnect());
  await admin.hset('meridian:state', 'drain/eu-west-1', 'garbage');
  const one = await replica(t, redis.url);
  await eventually(t, 'connected', () => one.link.up);
  await one.state.set('b', '1');
  t.equal(one.state.get('drain/eu-west-1'), undefined);
});

/** A link in memory that many replicas share, and that announces nothing. */
function fakeLink(): { -readonly [key in keyof StateLink]: StateLink[key] } {
  const there = new Map<string, string>();
  return {
    up: true,
    readAll: async () => new Map(there),
    offer: async (key, text) => {
      const known = there.get(key);
      if (known === undefined || known.slice(0, 24) < text.slice(0, 24)) there.set(key, text);
      return there.get(key) ?? text;
    },
    replace: async (key, text, former) => {
      const known = there.get(key);
      if (known === undefined || known === former) there.set(key, text);
      return there.get(key) ?? text;
    },
    drop: async standing => {
      for (const [key, text] of standing) if (there.get(key) === text) there.delete(key);
    },
    onChange: () => () => undefined,
  };
}

test('a change from elsewhere is in force even if the disk is full, and says so', async t => {
  const link = fakeLink();
  const clock: ManualClock = manualClock();
  const warnings: string[] = [];
  const open = async (full: boolean) => {
    const warn = (message: string) => warnings.push(message);
    const store = await openRecords({ dir: stateDir(t), clock: systemClock, warn });
    const keep = full ? () => Promise.reject(new Error('ENOSPC')) : store.keep;
    const state = sharedState({ store: { ...store, keep }, link, clock, random: () => 0, warn });
    t.teardown(() => state.close());
    return state;
  };
  const [well, full] = [await open(false), await open(true)];
  await well.set('drain/eu-west-1', 'by anna');
  clock.advance(1_000);
  await eventually(t, 'it is drained there', () => full.get('drain/eu-west-1') === 'by anna');
  t.match(warnings, [/drain\/eu-west-1 .*ENOSPC/]);
  await t.rejects(full.set('drain/us-east-1', 'by ben'), { message: 'ENOSPC' });
  await t.rejects(full.replace('step', undefined, '1'), { message: 'ENOSPC' }, 'which is not that Redis is away');
  link.replace = () => Promise.reject(new Error('connection lost'));
  await t.rejects(well.replace('weight', undefined, '1'), { code: 'replicas-apart' }, 'and that is told as it is');
});
