import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { test } from 'tap';
import { failure } from '../helpers/aws-clients.ts';
import { eventually } from '../helpers/eventually.ts';
import { type ConfigData, simpleModel, startTestGateway, type TestGateway, targetsIn } from '../helpers/gateway.ts';
import { startRedis } from '../helpers/redis.ts';
import { startTestSimulator } from '../helpers/simulator.ts';

const secret = (tenant: string) => `${tenant}-secret-of-twenty-characters`;
const keyOf = (tenant: string, more: ConfigData = {}) => ({ id: tenant, secret: secret(tenant), tenant, ...more });
const auth = { keys: [keyOf('acme'), keyOf('other')] };
const models = { rain: simpleModel(['us-east-1']), snow: simpleModel(['us-east-1']) };
const asTenant = (gateway: TestGateway, tenant = 'acme', model = 'rain') =>
  gateway.call(model, { headers: { 'x-api-key': secret(tenant) } });

const decisions = async (gateway: TestGateway) => {
  const text = await (await fetch(`${gateway.urls.admin}/metrics`)).text();
  const lines = text.matchAll(/^meridian_limit_decisions_total\{tenant="acme",limit="(\w+)",result="(\w+)"\} (\d+)$/gm);
  return Object.fromEntries([...lines].map(([, limit, result, count]) => [`${limit} ${result}`, Number(count)]));
};

test('too many calls a second are refused in the caller’s own protocol, also for who signs', async t => {
  const tenants = { acme: { requests: { perSecond: 0.01, burst: 3 } } };
  const gateway = await startTestGateway(t, { auth, models, tenants });
  const credentials = { accessKeyId: 'acme', secretAccessKey: secret('acme') };
  const client = new SageMakerRuntimeClient({
    region: 'us-east-1',
    endpoint: gateway.urls.data,
    credentials,
    maxAttempts: 1,
  });
  t.teardown(() => client.destroy());
  const signed = () => client.send(new InvokeEndpointCommand({ EndpointName: 'rain', Body: Buffer.from('hello') }));
  t.equal((await signed()).$metadata.httpStatusCode, 200);
  for (let call = 0; call < 2; call += 1) t.equal((await asTenant(gateway)).status, 200);
  const refused = await asTenant(gateway);
  t.match([refused.status, JSON.parse(refused.text)], [429, { error: { code: 'rate-limited', message: /slow down/ } }]);
  t.match(Number(refused.headers.get('retry-after')), 100);
  const error = await failure(signed());
  t.match(error, { name: 'ThrottlingException', $metadata: { httpStatusCode: 429 } });
  t.equal((await asTenant(gateway, 'other')).status, 200);
  t.same(await decisions(gateway), { 'rate allowed': 3, 'rate limited': 2 });
});

test('a body announced for a refused call is not read, and a refused call costs nothing of the other limits', async t => {
  const tenants = { acme: { requests: { perSecond: 0.01, burst: 1 }, concurrency: { max: 1 } } };
  const gateway = await startTestGateway(t, { auth, models, tenants });
  t.equal((await asTenant(gateway)).status, 200);
  for (let call = 0; call < 3; call += 1)
    t.match(JSON.parse((await asTenant(gateway)).text), { error: { code: 'rate-limited' } }, 'no slot was lost');
});

test('calls under way are counted until they end, whichever way', async t => {
  const tenants = { acme: { concurrency: { max: 2 } } };
  const gateway = await startTestGateway(t, { auth, models, tenants });
  await gateway.simulator.faults.add({ region: 'us-east-1', kind: 'black-hole' });
  const leaving = new AbortController();
  const headers = { 'x-api-key': secret('acme') };
  const held = [0, 1].map(() => gateway.call('rain', { headers, signal: leaving.signal }).catch(() => 'left'));
  await eventually(t, 'both are upstream', () => gateway.simulator.stats().regions['us-east-1']?.total === 2);
  const refused = await asTenant(gateway);
  t.match([refused.status, JSON.parse(refused.text).error.code], [429, 'concurrency-limited']);
  leaving.abort();
  t.same(await Promise.all(held), ['left', 'left']);
  await gateway.simulator.faults.clear();
  await eventually(t, 'who left gave back its place', async () => (await asTenant(gateway)).status === 200);
});

test('the day’s money', async t => {
  const priced = {
    versions: { v1: { targets: targetsIn(['us-east-1'], 'rain-v1', { price: { usdPerHour: 3_600_000 } }) } },
  };
  const tenants = { acme: { budget: { usdPerDay: 0.000001 } } };
  const gateway = await startTestGateway(t, { auth, models: { rain: priced }, tenants });
  t.equal((await asTenant(gateway)).status, 200);
  await eventually(t, 'always-on capacity costs by the time', async () => (await asTenant(gateway)).status === 429);
  const refused = await asTenant(gateway);
  t.match([refused.status, JSON.parse(refused.text).error.code], [429, 'budget-spent']);
  t.ok(Number(refused.headers.get('retry-after')) <= 86_400);
  t.equal((await asTenant(gateway, 'other')).status, 200);
});

test('in observe mode nothing is refused, and everything counted', async t => {
  const mode = 'observe';
  const tenants = { acme: { requests: { perSecond: 0.01, burst: 1, mode }, budget: { usdPerDay: 1e-12, mode } } };
  const gateway = await startTestGateway(t, { auth, models, tenants });
  for (let call = 0; call < 5; call += 1) t.equal((await asTenant(gateway)).status, 200);
  t.match(await decisions(gateway), { 'rate allowed': 1, 'rate observed': 4 });
});

test('a tenant’s models and operations bind all its keys', async t => {
  const tenants = { acme: { models: ['rain'], operations: ['invoke'] }, other: { operations: ['stream'] } };
  const gateway = await startTestGateway(t, {
    auth: { keys: [...auth.keys, keyOf('narrow', { tenant: 'acme', models: ['snow'] })] },
    models,
    tenants,
  });
  t.equal((await asTenant(gateway)).status, 200);
  for (const [tenant, model] of [
    ['acme', 'snow'],
    ['narrow', 'rain'],
    ['narrow', 'snow'],
    ['other', 'rain'],
  ] as const) {
    const { status, text } = await asTenant(gateway, tenant, model);
    t.match([status, JSON.parse(text).error.code], [403, 'not-allowed'], `${tenant} ${model}`);
  }
  t.match(JSON.parse((await asTenant(gateway, 'other')).text).error.message, /may not invoke, only stream/);
  const { config } = gateway.resolve({});
  await gateway.app.reload(
    gateway.resolve({ regions: config.regions, tenants: { other: { operations: ['invoke'] } } }),
  );
  t.equal((await asTenant(gateway, 'other')).status, 200, 'a reload takes effect at once');
  t.equal((await asTenant(gateway, 'acme', 'snow')).status, 200);
});

test('two gateways on one Redis share a rate; when it dies, callers notice nothing but the smaller share', async t => {
  const running = await startTestSimulator(t);
  const redis = await startRedis(t);
  const tenants = { acme: { requests: { perSecond: 0.001, burst: 12 } } };
  const config = { auth, models, tenants, replicas: 2, redis: { url: redis.url, commandTimeoutMs: 1_000 } };
  const [one, two] = [await startTestGateway(t, config, { running }), await startTestGateway(t, config, { running })];
  const redisIs = (up: boolean) => () => [one, two].every(gateway => gateway.app.parts.stores.redisUp() === up);
  await eventually(t, 'Redis is up for both', redisIs(true));
  const statuses = async (gateway: TestGateway, count: number) => {
    const all = [];
    for (let call = 0; call < count; call += 1) all.push((await asTenant(gateway)).status);
    return all;
  };
  t.same(await statuses(one, 4), [200, 200, 200, 200]);
  await redis.kill();
  await eventually(t, 'both know that it is gone', redisIs(false));
  const wentThrough = async (gateway: TestGateway) =>
    (await statuses(gateway, 13)).filter(status => status === 200).length;
  const share = (gateway: TestGateway) => 12 / gateway.app.parts.replicas();
  t.equal(await wentThrough(one), share(one) - 4, 'its share, of which 4 were used');
  t.equal(await wentThrough(two), share(two));
  t.match(
    await (await fetch(`${one.urls.admin}/metrics`)).text(),
    /meridian_limit_decisions_alone_total\{tenant="acme"\} 13/,
  );
});
