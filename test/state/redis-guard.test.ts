import { test } from 'tap';
import type { GatewayEvent } from '../../src/core/events.ts';
import { redisGuard } from '../../src/state/redis-guard.ts';
import { manualClock } from '../helpers/manual-clock.ts';

const settle = () => new Promise(resolve => setImmediate(resolve));
const timedOut = () => Promise.reject(new Error('Command timed out'));

function bench() {
  const clock = manualClock();
  const events: GatewayEvent[] = [];
  const ping = { answers: true, count: 0 };
  const redis = { back: 0 };
  const guard = redisGuard({
    clock,
    emit: event => events.push(event),
    ping: () => {
      ping.count += 1;
      return ping.answers ? Promise.resolve('PONG') : timedOut();
    },
    onUp: () => {
      redis.back += 1;
    },
  });
  const ups = () => events.map(event => (event.type === 'redis-changed' ? event.up : event.type));
  const fail = () => guard.run(timedOut).catch(() => undefined);
  return { clock, events, ping, redis, guard, ups, fail };
}

test('nothing is sent before Redis answered', async t => {
  const { guard, ups } = bench();
  await t.rejects(
    guard.run(async () => t.fail('sent')),
    { name: 'RedisSkipped' },
  );
  guard.connected();
  await settle();
  t.equal(await guard.run(async () => 'value'), 'value');
  t.same(ups(), [true]);
});

test('after five errors in a row it is left alone, and asked by a ping a second later', async t => {
  const { clock, guard, ping, ups, fail, redis } = bench();
  guard.connected();
  await settle();
  for (let error = 0; error < 4; error += 1) await fail();
  await guard.run(async () => 'an answer starts the count anew');
  for (let error = 0; error < 4; error += 1) await fail();
  t.equal(guard.up, true);
  await fail();
  t.equal(guard.up, false);
  await t.rejects(
    guard.run(async () => t.fail('sent')),
    { name: 'RedisSkipped' },
  );
  ping.answers = false;
  clock.advance(999);
  t.equal(ping.count, 1, 'the first connection’s');
  clock.advance(1);
  await settle();
  t.equal(ping.count, 2);
  ping.answers = true;
  clock.advance(1_000);
  await settle();
  t.equal(guard.up, true);
  t.same(ups(), [true, false, true], 'one event per change');
  t.equal(redis.back, 2);
  t.equal(clock.timers, 0);
});

test('a lost connection is down at once, however often it is lost', async t => {
  const { clock, guard, ups, events } = bench();
  guard.disconnected('connect ECONNREFUSED');
  guard.disconnected('connect ECONNREFUSED');
  t.match(events, [{ type: 'redis-changed', up: false, detail: 'connect ECONNREFUSED' }]);
  guard.connected();
  guard.disconnected('lost while being asked');
  await settle();
  t.equal(guard.up, false, 'an answer to a question from before counts for nothing');
  guard.connected();
  await settle();
  t.same(ups(), [false, true]);
  t.equal(clock.timers, 0);
});

test('an error that Redis replied is the caller’s, and no sign of illness', async t => {
  const { guard } = bench();
  guard.connected();
  await settle();
  const replied = Object.assign(new Error('OOM command not allowed'), { name: 'ReplyError' });
  for (let error = 0; error < 20; error += 1)
    await t.rejects(
      guard.run(() => Promise.reject(replied)),
      replied,
    );
  t.equal(guard.up, true);
});

test('commands under way are bounded', async t => {
  const { guard } = bench();
  guard.connected();
  await settle();
  let answer: (value: string) => void = () => undefined;
  const hanging = new Promise<string>(resolve => {
    answer = resolve;
  });
  const all = [...Array(1_000)].map(() => guard.run(() => hanging));
  await t.rejects(
    guard.run(async () => t.fail('sent')),
    { name: 'RedisSkipped' },
  );
  t.equal(guard.up, true);
  answer('late');
  await Promise.all(all);
  t.equal(await guard.run(async () => 'room again'), 'room again');
});

test('closing is silent and leaves no timer', async t => {
  const { clock, guard, ups, fail } = bench();
  guard.connected();
  await settle();
  for (let error = 0; error < 5; error += 1) await fail();
  guard.close();
  guard.disconnected('closed by us');
  guard.connected();
  await settle();
  t.same(ups(), [true, false]);
  t.equal(clock.timers, 0);
});
