import { connect } from 'node:http2';
import Fastify from 'fastify';
import { test } from 'tap';
import { speakHttp2Too } from '../../src/routes/two-protocols.ts';
import { eventually } from '../helpers/eventually.ts';
import { manualClock } from '../helpers/manual-clock.ts';

test('a connection is closed once it has been without a call for long, and never during one', async t => {
  const clock = manualClock();
  const server = Fastify();
  const held = Promise.withResolvers<string>();
  server.get('/held', () => held.promise);
  speakHttp2Too(server, { clock, firstBytesMs: 1_000, arrivesMs: 600_000, keepAliveMs: 5_000, refuse: () => {} });
  t.teardown(() => server.close());
  const client = connect(await server.listen({ port: 0, host: '127.0.0.1' }));
  t.teardown(() => client.destroy());
  const stream = client.request({ ':path': '/held' });
  await new Promise(resolve => stream.once('ready', resolve));
  await new Promise<void>(resolve => client.ping(() => resolve()) || resolve()); // the server has seen the call
  clock.advance(60_000);
  held.resolve('late');
  t.equal(Buffer.concat(await stream.toArray()).toString(), 'late');
  await new Promise<void>(resolve => client.ping(() => resolve()) || resolve());
  clock.advance(4_000);
  t.notOk(client.closed, 'not yet');
  clock.advance(1_001);
  await eventually(t, 'closed', () => client.closed);
});
