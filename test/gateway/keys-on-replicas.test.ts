import { test } from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { simpleModel, startTestGateway } from '../helpers/gateway.ts';
import { admin, issue, issuing } from '../helpers/issuing.ts';
import { startRedis } from '../helpers/redis.ts';
import { startTestSimulator } from '../helpers/simulator.ts';

const models = { rain: simpleModel(['us-east-1']) };

test('a key issued on one replica opens the other, and a revocation shuts it there, also when Redis died midway', async t => {
  const running = await startTestSimulator(t);
  const redis = await startRedis(t);
  const config = { auth: issuing, redis: { url: redis.url }, replicas: 2, models };
  const one = await startTestGateway(t, config, { running });
  const two = await startTestGateway(t, config, { running });
  const [kept, lost] = [await issue(one), await issue(one)];
  const status = async (gateway: typeof one, { secret }: typeof kept) =>
    (await gateway.call('rain', { headers: { 'x-api-key': secret } })).status;
  await eventually(t, 'both keys work on the other replica', async () => {
    return (await status(two, kept)) === 200 && (await status(two, lost)) === 200;
  });
  await redis.kill();
  t.equal(await status(two, kept), 200, 'what was known goes on without Redis');
  await admin(one, 'keys/revoke', { id: lost.id });
  t.equal(await status(one, lost), 403, 'here at once');
  await redis.restart();
  await eventually(
    t,
    'there when Redis is back, though it came back empty',
    async () => (await status(two, lost)) === 403,
  );
  t.equal(await status(two, kept), 200);
});
