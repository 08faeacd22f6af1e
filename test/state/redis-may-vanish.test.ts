import { test } from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { freePort, startRedis } from '../helpers/redis.ts';
import { redisLink, shortLimits } from '../helpers/redis-replica.ts';
import { tcpProxy } from '../helpers/tcp-proxy.ts';

const value = Buffer.from([0, 1, 2, 255, 13, 10]);

test('bytes come back as they were stored, until their time is over', async t => {
  const redis = await startRedis(t);
  const { link, ups } = redisLink(t, redis.url);
  await eventually(t, 'Redis is up', () => link.up);
  await link.cache.set('k', value, 60_000);
  t.same(await link.cache.get('k'), value);
  t.equal(await link.cache.get('other'), undefined);
  await link.cache.set('short', value, 1);
  await eventually(t, 'it expired', async () => (await link.cache.get('short')) === undefined);
  t.same(ups(), [true]);
});

test('starting without Redis works: commands fail at once, and it is used when it comes', async t => {
  const port = await freePort();
  const { link, ups } = redisLink(t, `redis://127.0.0.1:${port}`);
  await eventually(t, 'Redis is known to be down', () => ups().length > 0);
  await t.rejects(link.cache.get('k'), { name: 'RedisSkipped' });
  await t.rejects(link.cache.set('k', value, 1_000), { name: 'RedisSkipped' });
  await startRedis(t, { port });
  await eventually(t, 'Redis is up', () => link.up);
  await link.cache.set('k', value, 60_000);
  t.same(await link.cache.get('k'), value);
  t.same(ups(), [false, true]);
});

test('killed and restarted: one event each way, and no command waits', async t => {
  const redis = await startRedis(t);
  const { link, ups } = redisLink(t, redis.url);
  await eventually(t, 'Redis is up', () => link.up);
  await redis.kill();
  await eventually(t, 'Redis is down', () => !link.up);
  await t.rejects(link.cache.get('k'), { name: 'RedisSkipped' });
  t.equal(link.unanswered, 0);
  await redis.restart();
  await eventually(t, 'Redis is up again', () => link.up);
  t.equal(await link.cache.get('k'), undefined);
  t.same(ups(), [true, false, true]);
});

test('black-holed: what is held stays bounded under a flood, everything is let go, and it recovers', async t => {
  const redis = await startRedis(t);
  const proxy = await tcpProxy(t, redis.port);
  const { link, ups } = redisLink(t, `redis://127.0.0.1:${proxy.port}`, shortLimits);
  await eventually(t, 'Redis is up', () => link.up);
  await proxy.set('black-hole');
  let most = 0;
  const errors = new Set<string>();
  for (let sent = 0; sent < 20_000; sent += 1) {
    link.cache.get(`k${sent}`).catch((error: Error) => errors.add(error.name));
    most = Math.max(most, link.unanswered);
    if (sent % 200 === 0) await new Promise(resolve => setImmediate(resolve));
  }
  t.ok(most > 0 && most <= 1_100, `at most ${most} of 20000 commands were held`);
  await eventually(t, 'Redis is down', () => !link.up);
  await eventually(t, 'nothing is held', () => link.unanswered === 0);
  t.ok(errors.has('RedisSkipped'), 'most were never sent');
  await proxy.set('pass');
  await eventually(t, 'Redis is up again', () => link.up);
  await link.cache.set('k', value, 60_000);
  t.same(await link.cache.get('k'), value);
  t.same(ups(), [true, false, true]);
});

test('slower than its limit is down, and quick again is up', async t => {
  const redis = await startRedis(t);
  const proxy = await tcpProxy(t, redis.port);
  const { link, ups } = redisLink(t, `redis://127.0.0.1:${proxy.port}`, shortLimits);
  await eventually(t, 'Redis is up', () => link.up);
  proxy.delay(150);
  await t.rejects(link.cache.get('k'), { message: 'Command timed out' });
  await eventually(t, 'Redis is down', async () => {
    await link.cache.get('k').catch(() => undefined);
    return !link.up;
  });
  proxy.delay(0);
  await eventually(t, 'Redis is up again', () => link.up);
  t.equal(await link.cache.get('k'), undefined);
  t.same(ups(), [true, false, true]);
});

test('refused for a while, then let through again', async t => {
  const redis = await startRedis(t);
  const proxy = await tcpProxy(t, redis.port);
  const { link, ups } = redisLink(t, `redis://127.0.0.1:${proxy.port}`);
  await eventually(t, 'Redis is up', () => link.up);
  await proxy.set('refuse');
  await eventually(t, 'Redis is down', () => !link.up);
  await proxy.set('pass');
  await eventually(t, 'Redis is up again', () => link.up);
  t.same(ups(), [true, false, true]);
});

test('closing ends every connection', async t => {
  const redis = await startRedis(t);
  const proxy = await tcpProxy(t, redis.port);
  const { link } = redisLink(t, `redis://127.0.0.1:${proxy.port}`);
  await eventually(t, 'two connections: commands and announcements', () => link.up && proxy.open === 2);
  link.close();
  await eventually(t, 'none is left', () => proxy.open === 0);
  const before = proxy.accepted;
  await t.rejects(link.cache.get('k'));
  t.equal(proxy.accepted, before);
});
