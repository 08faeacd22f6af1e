import { Redis } from 'ioredis';
import { test } from 'tap';
import { seededRandom } from '../../src/core/random.ts';
import { countReplicas, type HeartbeatLink } from '../../src/state/replica-count.ts';
import { eventually } from '../helpers/eventually.ts';
import { simpleModel, startTestGateway } from '../helpers/gateway.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { startRedis } from '../helpers/redis.ts';
import { redisLink } from '../helpers/redis-replica.ts';
import { startTestSimulator } from '../helpers/simulator.ts';

const settle = () => new Promise(resolve => setImmediate(resolve));

/** A shared place that counts whom a test says, while it is up. */
function fakePlace() {
  const place = { up: false, others: 0, left: [] as string[], come: () => {} };
  const link: HeartbeatLink = {
    get up() {
      return place.up;
    },
    beat: async () => 1 + place.others,
    leave: async id => void place.left.push(id),
    onUp: listener => {
      place.come = listener;
      return () => {};
    },
  };
  return { place, link };
}

test('the config’s number holds until heartbeats tell, and the greater one when they fall silent', async t => {
  const { place, link } = fakePlace();
  const clock = manualClock();
  const replicas = countReplicas(link, 'a', { clock, random: seededRandom(1), warn: () => {} });
  t.equal(replicas.count(4), 4);
  Object.assign(place, { up: true, others: 1 });
  place.come();
  await settle();
  t.equal(replicas.count(4), 2, 'told at once when the place comes up');
  place.others = Number.NaN;
  clock.advance(6_000);
  await settle();
  t.equal(replicas.count(4), 2, 'what is no number is not believed');
  place.others = 1_000_000;
  clock.advance(6_000);
  await settle();
  t.equal(replicas.count(4), 2, 'nor what no fleet has');
  place.others = 5;
  clock.advance(6_000);
  await settle();
  t.equal(replicas.count(4), 6, 'and anew every few seconds');
  place.up = false;
  clock.advance(14_000);
  t.equal(replicas.count(4), 6);
  clock.advance(10_000);
  t.same([replicas.count(4), replicas.count(9)], [6, 9], 'silence: neither number is trusted to be too large');
  place.up = true;
  await replicas.close();
  t.same([place.left, clock.timers], [['a'], 0]);
});

test('a smaller count is believed only after as long as a heartbeat counts', async t => {
  const { place, link } = fakePlace();
  const clock = manualClock();
  const replicas = countReplicas(link, 'a', { clock, random: seededRandom(1), warn: () => {} });
  Object.assign(place, { up: true, others: 7 });
  place.come();
  await settle();
  place.others = 0; // it lost its memory
  const seen: number[] = [];
  for (let beat = 0; beat < 5; beat += 1) {
    clock.advance(5_500);
    await settle();
    seen.push(replicas.count(1));
  }
  t.same(seen, [8, 8, 1, 1, 1]);
  await replicas.close();
});

test('a place that refuses heartbeats is complained of once, and the config’s number holds', async t => {
  const { place, link } = fakePlace();
  const clock = manualClock();
  const warnings: string[] = [];
  const refusing = { ...link, beat: () => Promise.reject(new Error('WRONGTYPE')) };
  Object.defineProperty(refusing, 'up', { get: () => place.up });
  const replicas = countReplicas(refusing, 'a', { clock, random: seededRandom(1), warn: text => warnings.push(text) });
  place.up = true;
  for (let beat = 0; beat < 3; beat += 1) {
    clock.advance(6_000);
    await settle();
  }
  t.equal(replicas.count(4), 4);
  t.match(warnings, [/WRONGTYPE/]);
  t.equal(warnings.length, 1);
  await replicas.close();
});

test('replicas see each other in Redis, and one that leaves or dies is not counted', async t => {
  const redis = await startRedis(t);
  const { link } = redisLink(t, redis.url);
  await eventually(t, 'Redis is up', () => link.up);
  const { beat, leave } = link.heartbeats;
  t.same([await beat('a', 60_000), await beat('b', 60_000), await beat('a', 60_000)], [1, 2, 2]);
  await leave('b');
  t.equal(await beat('a', 60_000), 1);
  const admin = new Redis(redis.url);
  t.teardown(() => admin.disconnect());
  await admin.zadd('meridian:replicas', 'inf', 'poison', Date.now() + 86_400_000, 'more poison');
  t.equal(await beat('a', 60_000), 1, 'no heartbeat reaches that far ahead');
  await beat('dying', 1);
  await eventually(t, 'the dead one is forgotten', async () => (await beat('a', 60_000)) === 1);
  t.same(await admin.zrange('meridian:replicas', '0', '-1'), ['a']);
});

test('a second replica halves the slots of the first, whatever the config says', async t => {
  const running = await startTestSimulator(t);
  const config = { redis: { url: (await startRedis(t)).url }, models: { rain: simpleModel(['us-east-1']) } };
  const one = await startTestGateway(t, config, { running });
  const slots = () => one.app.parts.health.describeAll()[0]?.health.slots;
  t.equal(slots(), 64);
  const beatNow = async (gateway: typeof one) =>
    /^meridian_replicas 2$/m.test(await (await fetch(`${gateway.urls.admin}/metrics`)).text());
  const two = await startTestGateway(t, config, { running });
  await eventually(t, 'the second knows at once', () => beatNow(two));
  await eventually(t, 'the first with its next heartbeat', () => slots() === 32);
});
