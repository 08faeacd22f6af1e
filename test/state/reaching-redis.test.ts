import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { test } from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { startRedis } from '../helpers/redis.ts';
import { redisLink } from '../helpers/redis-replica.ts';

test('a password in the URL is used; a wrong one is down, with the reason, and nothing is sent', async t => {
  const redis = await startRedis(t, { password: 'open sesame' });
  const urlWith = (password: string) => `redis://:${encodeURIComponent(password)}@127.0.0.1:${redis.port}/2`;
  const right = redisLink(t, urlWith('open sesame'));
  const wrong = redisLink(t, urlWith('open barley'));
  await eventually(t, 'the right password is let in', () => right.link.up);
  await right.link.cache.set('k', Buffer.from('v'), 60_000);
  await eventually(t, 'the wrong one is not', () => wrong.ups().length > 0);
  t.match(wrong.events, [{ type: 'redis-changed', up: false, detail: /WRONGPASS/ }]);
  t.notMatch(JSON.stringify(wrong.events), /barley/);
  await t.rejects(wrong.link.cache.get('k'), { name: 'RedisSkipped' });
});

test('rediss:// speaks TLS', async t => {
  const sockets: Socket[] = [];
  const server = createServer(socket => sockets.push(socket)).listen(0, '127.0.0.1');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const { ups } = redisLink(t, `rediss://127.0.0.1:${address.port}`);
  await eventually(t, 'a connection', () => sockets.length > 0);
  const [first] = (await once(sockets[0] as Socket, 'data')) as [Buffer];
  t.equal(first[0], 22, 'a TLS handshake record');
  await eventually(t, 'one that never completes is given up', () => ups().length > 0);
});
