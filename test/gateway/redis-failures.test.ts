import { test } from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { simpleModel, startTestGateway } from '../helpers/gateway.ts';
import { startRedis } from '../helpers/redis.ts';
import { startRedisCluster } from '../helpers/redis-cluster.ts';
import { startTestSimulator } from '../helpers/simulator.ts';
import { tcpProxy } from '../helpers/tcp-proxy.ts';

const cacheStore = { keySecret: 'one-secret-for-both-replicas' };
const models = { rain: simpleModel(['us-east-1', 'us-west-2'], { cache: { freshSeconds: 600 }, fallback: ['stale'] }) };

test('two replicas share answers, drains and purges through Redis', async t => {
  const simulator = await startTestSimulator(t);
  const redis = { url: (await startRedis(t)).url };
  const config = { redis, cacheStore, replicas: 2, models };
  const one = await startTestGateway(t, config, { running: simulator });
  const two = await startTestGateway(t, config, { running: simulator });
  const cacheOf = async (gateway: typeof one) =>
    (await gateway.call('rain', { body: 'shared' })).headers.get('x-meridian-cache');
  await eventually(t, 'Redis is up for both', async () => {
    const scrapes = await Promise.all(
      [one, two].map(async gateway => (await fetch(`${gateway.urls.admin}/metrics`)).text()),
    );
    return scrapes.every(text => /^meridian_redis_up 1$/m.test(text));
  });
  t.equal(await cacheOf(one), 'miss');
  await eventually(
    t,
    'the other replica answers from what the first one kept',
    async () => (await cacheOf(two)) === 'hit',
  );
  const act = (path: string, body: unknown) =>
    fetch(`${one.urls.admin}/admin/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  await act('drain', { region: 'us-east-1' });
  await eventually(
    t,
    'a drain reaches the other replica',
    () => two.app.parts.health.region('us-east-1') === 'drained',
  );
  await act('purge', { model: 'rain' });
  await eventually(t, 'so does a purge', async () => (await cacheOf(two)) === 'miss');
});

for (const failure of ['refuse', 'black-hole', 'slow'] as const) {
  test(`with Redis under ${failure}, every request still answers`, async t => {
    const proxy = await tcpProxy(t, (await startRedis(t)).port);
    const redis = { url: `redis://127.0.0.1:${proxy.port}`, commandTimeoutMs: 50 };
    const gateway = await startTestGateway(t, { redis, cacheStore, models });
    const up = async () => /^meridian_redis_up 1$/m.test(await (await fetch(`${gateway.urls.admin}/metrics`)).text());
    await eventually(t, 'Redis is up', up);
    if (failure === 'slow') proxy.delay(400);
    else await proxy.set(failure);
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, call) => gateway.call('rain', { body: `${failure} ${call}` })),
    );
    t.ok(answers.every(answer => answer.status === 200 && answer.headers.get('x-meridian-cache') === 'miss'));
    t.equal(
      (await gateway.call('rain', { body: `${failure} 1` })).headers.get('x-meridian-cache'),
      'hit',
      'memory still serves',
    );
    t.equal((await fetch(`${gateway.urls.data}/readyz`)).status, 200);
    if (failure === 'slow') return;
    await proxy.set('pass');
    await eventually(t, 'Redis is used again when it is back', up);
  });
}

test('with a master of a Redis Cluster killed, every request still answers, first-hand or from the cache', async t => {
  const { nodes, urls } = await startRedisCluster(t, { replicas: true });
  const simulator = await startTestSimulator(t);
  const config = { redis: { cluster: urls }, cacheStore, replicas: 2, models };
  const one = await startTestGateway(t, config, { running: simulator });
  const two = await startTestGateway(t, config, { running: simulator });
  const up = async (gateway: typeof one) =>
    /^meridian_redis_up 1$/m.test(await (await fetch(`${gateway.urls.admin}/metrics`)).text());
  await eventually(t, 'both use the cluster', async () => (await up(one)) && (await up(two)));
  const ask = (gateway: typeof one, what: string) =>
    Promise.all(Array.from({ length: 12 }, (_, call) => gateway.call('rain', { body: `${what} ${call}` })));
  const cacheOf = ({ headers }: { headers: Headers }) => headers.get('x-meridian-cache');
  await ask(one, 'before');
  await eventually(t, 'answers are shared', async () => {
    const [answer] = await ask(two, 'before');
    return answer !== undefined && cacheOf(answer) === 'hit';
  });
  await nodes[1]?.kill();
  const answers = [...(await ask(one, 'after')), ...(await ask(two, 'after')), ...(await ask(one, 'before'))];
  t.strictSame(
    new Set(answers.map(({ status, headers, text }) => (status === 200 ? headers.get('x-meridian-fallback') : text))),
    new Set(['none']),
  );
});
