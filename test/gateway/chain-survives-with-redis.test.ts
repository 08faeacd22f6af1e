import { test } from 'tap';
import { chainOfKills } from '../helpers/chain.ts';
import { startRedis } from '../helpers/redis.ts';

test('a gateway and its Redis die together at every link of the chain: it comes to its end, nothing is done twice', async t => {
  const redis = await startRedis(t);
  await chainOfKills(t, { redis: { url: redis.url } }, async () => {
    await redis.kill();
    await redis.restart();
  });
});
