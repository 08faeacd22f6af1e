import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { test } from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { startRedis } from '../helpers/redis.ts';
import { replica } from '../helpers/redis-replica.ts';

const hourMs = 3_600_000;
const mayForget = (key: string) => key.startsWith('job/');

test('a finished job is remembered as deleted for an hour, then nowhere; what may not be forgotten stays', async t => {
  const redis = await startRedis(t);
  const admin = new Redis(redis.url);
  t.teardown(() => admin.disconnect());
  const clock = manualClock();
  const [one, two] = [
    await replica(t, redis.url, { clock, mayForget }),
    await replica(t, redis.url, { clock, mayForget }),
  ];
  await eventually(t, 'both are connected', () => one.link.up && two.link.up);
  for (const key of ['job/1', 'job/kept', 'drain/eu-west-1']) await one.state.set(key, 'x');
  for (const key of ['job/1', 'drain/eu-west-1']) await one.state.delete(key);
  await eventually(t, 'the other knows', () => two.heard.includes('drain/eu-west-1=undefined'));
  const there = async () => (await admin.hkeys('meridian:state')).sort();

  clock.advance(hourMs);
  await eventually(t, 'both compared', () => two.heard.includes('job/1=undefined'));
  t.same(await there(), ['drain/eu-west-1', 'job/1', 'job/kept'], 'a replica that is away may still come back');

  clock.advance(2_000);
  await eventually(t, 'it is gone from Redis', async () => !(await there()).includes('job/1'));
  const heard = [...one.heard, ...two.heard];
  for (let round = 0; round < 3; round += 1) {
    clock.advance(2_000);
    // A write goes to Redis behind the rounds that were begun, by the same connection.
    await one.state.set('job/kept', String(round));
    await two.state.set('job/kept', String(round));
  }
  t.same(await there(), ['drain/eu-west-1', 'job/kept'], 'and nobody brings it back');
  t.same(
    [...one.heard, ...two.heard].filter(line => !line.startsWith('job/kept')),
    heard.filter(line => !line.startsWith('job/kept')),
  );
  t.equal(one.state.get('job/1'), undefined);
});

test('a replica that was away learns a deletion that is about to be forgotten', async t => {
  const redis = await startRedis(t);
  const clock = manualClock();
  const away = await replica(t, redis.url, { clock, mayForget });
  const stays = await replica(t, redis.url, { clock, mayForget });
  await eventually(t, 'both are connected', () => away.link.up && stays.link.up);
  await away.state.set('job/1', 'running');
  await eventually(t, 'the other has it', () => stays.state.get('job/1') === 'running');
  await away.close();
  await stays.state.delete('job/1');
  await stays.close();
  clock.advance(2 * hourMs);
  const back = await replica(t, redis.url, { clock, mayForget, dir: away.dir });
  await eventually(t, 'it knows', () => back.heard.includes('job/1=undefined'));
  t.equal(back.state.get('job/1'), undefined);
});

test('the disk forgets with the rest', async t => {
  const redis = await startRedis(t);
  const clock = manualClock();
  const one = await replica(t, redis.url, { clock, mayForget });
  await eventually(t, 'it is connected', () => one.link.up);
  const lives = async (id: number) => {
    await one.state.set(`job/${id}`, 'running');
    await one.state.delete(`job/${id}`);
  };
  await Promise.all(Array.from({ length: 1_200 }, (_, id) => lives(id)));
  const lines = () => readFileSync(join(one.dir, 'state.jsonl'), 'utf8').split('\n').length - 1;
  t.ok(lines() >= 1_200);
  clock.advance(2 * hourMs);
  await eventually(t, 'the file is rewritten without them', async () => {
    clock.advance(2_000);
    await one.state.set('drain/eu-west-1', 'by anna');
    return lines() < 100;
  });
});
