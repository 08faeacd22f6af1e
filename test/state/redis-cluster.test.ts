import { test } from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { startRedisCluster } from '../helpers/redis-cluster.ts';
import { type RedisClientBench, redisLink, replica, shortLimits } from '../helpers/redis-replica.ts';

const value = Buffer.from('an answer');
const keys = Array.from({ length: 60 }, (_, index) => `key ${index}`);

/** How long each of these reads took to settle, ms, and how many had an answer. */
async function readAll(link: RedisClientBench['link']): Promise<{ slowestMs: number; answered: number }> {
  const startedAt = performance.now();
  const reads = keys.map(async key => {
    const found = await link.cache.get(key).catch(() => undefined);
    return { tookMs: performance.now() - startedAt, found };
  });
  const all = await Promise.all(reads);
  return {
    slowestMs: Math.max(...all.map(({ tookMs }) => tookMs)),
    answered: all.filter(({ found }) => found !== undefined).length,
  };
}

test('three masters', async t => {
  const { nodes, urls } = await startRedisCluster(t);

  await t.test('on a cluster all that replicas share is shared, wherever its keys lie', async t => {
    const [one, two] = [await replica(t, urls), await replica(t, urls.slice(2))];
    await eventually(t, 'both are connected', () => one.link.up && two.link.up);

    await Promise.all(keys.map(key => one.link.cache.set(key, value, 60_000)));
    for (const key of keys) t.same(await two.link.cache.get(key), value);
    const held = await Promise.all(nodes.map(({ admin }) => admin.dbsize()));
    t.ok(
      held.every(count => count > 0),
      `every master holds some: ${held}`,
    );

    await one.state.set('drain/eu-west-1', 'by anna');
    await eventually(t, 'the other one hears of it', () => two.heard.includes('drain/eu-west-1=by anna'));
    t.equal(await two.state.replace('drain/eu-west-1', 'by anna', 'by ben'), true);
    t.equal(await one.state.replace('drain/eu-west-1', undefined, 'by carl'), false);

    t.equal(await one.link.heartbeats.beat('one', 60_000), 1);
    t.equal(await two.link.heartbeats.beat('two', 60_000), 2);
    await one.link.heartbeats.leave('one');
    t.equal(await two.link.heartbeats.beat('two', 60_000), 1);

    await one.link.entries.put(new Map(keys.map(key => [key, 'a text'])), 60_000);
    for (const key of keys) t.equal(await two.link.entries.get(key), 'a text');
    t.equal(await two.link.entries.claim('claimed', 'first', 60_000), 'first');
    t.equal(await one.link.entries.claim('claimed', 'second', 60_000), 'first');
    t.equal(await two.link.cache.removeAll('key 1*'), 11);
    t.equal(await one.link.cache.get('key 1'), undefined);
    t.same(await one.link.cache.get('key 2'), value);

    for (const tenant of ['a', 'b', 'c', 'd', 'e', 'f']) {
      const turns = [one, two, one].map(({ link }) => link.counters.takeRate(tenant, 1_000_000, 2));
      t.equal((await Promise.all(turns)).filter(waitMs => waitMs === 0).length, 2, `${tenant} has two turns`);
      await one.link.counters.addSpend(tenant, 1, 0);
      t.equal(await two.link.counters.addSpend(tenant, 2, 0), 3);
      await one.link.tallies('one').publish(tenant, '1');
      await two.link.tallies('two').publish(tenant, '2');
      t.strictSame(
        await one.link.tallies('one').collect(tenant),
        new Map([
          ['one', '1'],
          ['two', '2'],
        ]),
      );
      await two.link.tallies('two').forget(tenant);
      t.equal((await one.link.tallies('one').collect(tenant)).size, 0);
    }
  });

  await t.test('closing ends every connection', async t => {
    const own = async () => {
      const lists = await Promise.all(nodes.map(({ admin }) => admin.client('LIST') as Promise<string>));
      return lists.map(
        list =>
          list
            .trim()
            .split('\n')
            .filter(line => !/flags=[^ ]*[MS]/.test(line)).length - 1,
      );
    };
    const { link } = redisLink(t, urls);
    await eventually(t, 'connected', () => link.up);
    await link.cache.set('k', value, 60_000);
    t.ok((await own()).some(count => count > 0));
    link.close();
    await eventually(t, 'none is left', async () => (await own()).every(count => count === 0));
    await t.rejects(link.cache.get('k'));
  });

  await t.test('a slot that moves to another master is followed, also while it moves', async t => {
    const { link } = redisLink(t, urls);
    await eventually(t, 'connected', () => link.up);
    const [from, to] = nodes;
    await Promise.all(keys.map(each => link.cache.set(each, value, 60_000)));
    const [full = ''] = (await from?.admin.keys('meridian:cache:*')) ?? [];
    const key = full.slice('meridian:cache:'.length);
    const slot = String(await from?.admin.cluster('KEYSLOT', full));
    await to?.admin.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from?.id ?? '');
    await from?.admin.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to?.id ?? '');
    await from?.admin.migrate('127.0.0.1', to?.port ?? 0, full, 0, 1_000);
    t.same(await link.cache.get(key), value, 'ASK');
    for (const node of nodes) await node.admin.call('CLUSTER', 'SETSLOT', slot, 'NODE', to?.id ?? '');
    t.same(await link.cache.get(key), value, 'MOVED');
  });

  await t.test('a node of a cluster in the place of a server is refused, with the mend', async t => {
    const { link, events } = redisLink(t, urls[0] ?? '');
    await eventually(t, 'it is known', () => events.length > 0);
    t.match(events, [{ type: 'redis-changed', up: false, detail: /write redis.cluster instead of redis.url/ }]);
    await t.rejects(link.cache.get('k'), { name: 'RedisSkipped' });
  });

  await t.test('a cluster that lost slots refuses as a whole: it is down, and up again when they are back', async t => {
    const { link, events, ups } = redisLink(t, urls);
    await eventually(t, 'connected', () => link.up);
    nodes[1]?.pause();
    await eventually(t, 'it is down', async () => {
      await readAll(link);
      return !link.up;
    });
    t.match(events.at(-1), { type: 'redis-changed', up: false });
    await t.rejects(link.cache.get('k'), { name: 'RedisSkipped' });
    await eventually(t, 'nothing is held', () => link.unanswered === 0);
    nodes[1]?.resume();
    await eventually(t, 'it is up', () => link.up);
    await link.cache.set('k', value, 60_000);
    t.same(ups().slice(0, 2), [true, false]);
  });
});

test('a master that is lost costs its own keys at most until its replica takes over', async t => {
  const { urls, nodes } = await startRedisCluster(t, { replicas: true });
  const { link } = redisLink(t, urls);
  await eventually(t, 'connected', () => link.up);
  await Promise.all(keys.map(key => link.cache.set(key, value, 60_000)));
  await Promise.all(nodes.slice(0, 3).map(({ admin }) => admin.wait(1, 5_000)));
  t.equal((await readAll(link)).answered, keys.length);
  await nodes[1]?.kill();
  t.ok((await readAll(link)).answered < keys.length, 'some are out of reach');
  await eventually(t, 'all are there again', async () => (await readAll(link)).answered === keys.length);
  t.equal(link.up, true);
});

test('a master that hangs holds up its own keys alone, and what is held stays bounded', async t => {
  const { urls, nodes } = await startRedisCluster(t, { nodeTimeoutMs: 60_000 });
  const { link } = redisLink(t, urls, shortLimits);
  await eventually(t, 'connected', () => link.up);
  await Promise.all(keys.map(key => link.cache.set(key, value, 60_000)));
  nodes[1]?.pause();
  let most = 0;
  let answered = 0;
  for (let round = 0; round < 20; round += 1) {
    const reads = readAll(link);
    most = Math.max(most, link.unanswered);
    answered = Math.max(answered, (await reads).answered);
  }
  t.ok(answered > 0 && answered < keys.length, `${answered} of ${keys.length} keys are on the others`);
  t.ok(most <= 1_000, `${most} held`);
  nodes[1]?.resume();
  await eventually(t, 'all are there again', async () => (await readAll(link)).answered === keys.length);
});
