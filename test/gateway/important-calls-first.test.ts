import type { ServerResponse } from 'node:http';
import { test } from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { simpleModel, startTestGateway, type TestGateway, targetsIn } from '../helpers/gateway.ts';
import { startUpstream } from '../helpers/upstream.ts';

const secret = (tenant: string) => `${tenant}-secret-of-twenty-characters`;
const keyOf = (tenant: string) => ({ id: tenant, secret: secret(tenant), tenant });
const auth = { keys: [keyOf('shop'), keyOf('reports')] };
const tenants = { shop: { priority: 'critical' }, reports: { priority: 'sheddable' } };
const asTenant = (gateway: TestGateway, tenant: string, more = {}) =>
  gateway.call('rain', { headers: { 'x-api-key': secret(tenant) }, ...more });

test('what critical calls needed is kept from sheddable ones, who are told so', async t => {
  const held: ServerResponse[] = [];
  const upstream = await startUpstream(t, (response, { body }) => {
    if (String(body) === 'hold') held.push(response);
    else response.end('done');
  });
  const gateway = await startTestGateway(t, {
    auth,
    tenants,
    regions: { 'us-east-1': { endpoints: { sagemakerRuntime: upstream.url } } },
    models: { rain: { versions: { v1: { targets: targetsIn(['us-east-1'], 'rain', { maxConcurrency: 4 }) } } } },
  });
  const important = Array.from({ length: 3 }, () => asTenant(gateway, 'shop', { body: 'hold' }));
  await eventually(t, 'three critical calls are under way', () => held.length === 3);
  for (const response of held.splice(0)) response.end('done');
  t.ok((await Promise.all(important)).every(({ status }) => status === 200));

  const refused: string[] = [];
  const others = Array.from({ length: 4 }, async () => {
    const { status, text } = await asTenant(gateway, 'reports', { body: 'hold' });
    if (status !== 200) refused.push(`${status} ${JSON.parse(text).error.code}`);
  });
  await eventually(t, 'each sheddable call is under way or refused', () => held.length + refused.length === 4);
  t.match(refused, ['503 shed']);
  t.equal((await asTenant(gateway, 'shop', { body: 'now' })).status, 200, 'a critical one finds a slot');
  const metrics = await (await fetch(`${gateway.urls.admin}/metrics`)).text();
  t.match(metrics, /meridian_calls_shed_total\{model="rain",priority="sheddable",why="capacity"\} [1-9]/);
  for (const response of held.splice(0)) response.end('done');
  await Promise.all(others);
});

test('sheddable calls leave half the retries, and the last of the memory, to the others', async t => {
  const gateway = await startTestGateway(t, {
    auth,
    tenants,
    limits: { drainMs: 0, shutdownMs: 2_000, maxBufferedBytes: 1_048_576 },
    models: {
      rain: simpleModel(['us-east-1', 'us-west-2'], {
        routing: { policy: 'ordered', warmShare: 0 },
        maxRequestBytes: 1_000_000,
        maxResponseBytes: 1_000_000,
      }),
    },
  });
  const { budget, admission } = gateway.app.parts;
  while (budget.remaining() > 0.5) budget.takeRetry();
  t.equal(budget.takeRetry('sheddable'), false);
  t.equal(budget.takeRetry('critical'), true);
  await gateway.simulator.faults.add({ region: 'us-east-1', kind: 'error', errorType: 'InternalFailure' });
  const ordered = async (tenant: string) => (await asTenant(gateway, tenant)).headers.get('x-meridian-attempts');
  t.equal(await ordered('reports'), 'v1@us-east-1/realtime:backend-fault', 'no second try');
  t.match(await ordered('shop'), /:ok$/);
  await gateway.simulator.faults.clear();
  admission.take(900_000);
  const refused = await asTenant(gateway, 'reports');
  t.match(
    [refused.status, JSON.parse(refused.text).error.code, refused.headers.get('retry-after')],
    [503, 'shed', '1'],
  );
  t.equal((await asTenant(gateway, 'shop')).status, 200);
  admission.give(900_000);
  t.equal((await asTenant(gateway, 'reports')).status, 200);
});

test('a sheddable model is sheddable for everyone', async t => {
  const gateway = await startTestGateway(t, {
    auth,
    tenants,
    models: { rain: simpleModel(['us-east-1'], { priority: 'sheddable' }) },
  });
  gateway.app.parts.admission.take(250_000_000);
  t.equal((await asTenant(gateway, 'shop')).status, 503);
  gateway.app.parts.admission.give(250_000_000);
});
