import { test } from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { simpleModel, startTestGateway } from '../helpers/gateway.ts';

const json = { 'content-type': 'application/json' };

test('a drained region gets no calls until it is put back', async t => {
  const rain = simpleModel(['us-east-1', 'us-west-2'], { routing: { policy: 'weighted', warmShare: 0 } });
  const gateway = await startTestGateway(t, { models: { rain } });
  const act = (path: string, body: unknown) =>
    fetch(`${gateway.urls.admin}/admin/${path}`, { method: 'POST', headers: json, body: JSON.stringify(body) });
  t.equal((await act('drain', { region: 'us-east-1', reason: 'maintenance' })).status, 200);
  for (let call = 0; call < 20; call += 1) {
    t.equal((await gateway.call('rain')).headers.get('x-meridian-region'), 'us-west-2');
  }
  const regions = (await (await fetch(`${gateway.urls.admin}/admin/regions`)).json()) as { drains: unknown[] };
  t.match(regions.drains, [{ region: 'us-east-1', by: 'local', reason: 'maintenance' }]);
  t.equal((await act('undrain', { region: 'us-east-1' })).status, 200);
  t.equal((await act('undrain', { region: 'us-east-1' })).status, 404, 'it is not drained any more');
  t.equal((await act('drain', { region: 'mars-north-1' })).status, 400);
  t.equal((await act('drain', { planet: 'mars' })).status, 400);
  t.equal((await act('drain', { region: 'us-east-1', model: 'rain', target: 'v1@us-east-1/realtime' })).status, 400);
  await eventually(t, 'the region takes calls again', async () => {
    return (await gateway.call('rain')).headers.get('x-meridian-region') === 'us-east-1';
  });
});

test('a reload takes effect whole, a refused one not at all, and calls in flight finish', async t => {
  const gateway = await startTestGateway(
    t,
    { models: { rain: simpleModel(['us-east-1']) } },
    { simulator: { latencyScale: 1 } },
  );
  const slow = gateway.call('rain');
  await eventually(t, 'the call is upstream', () =>
    gateway.app.parts.health.describeAll().some(({ health }) => health.inFlight > 0),
  );
  await gateway.app.reload(gateway.resolve({ models: { snow: simpleModel(['us-west-2']) } }));
  t.equal((await slow).status, 200, 'the call that began before finishes on what it began with');
  t.equal((await gateway.call('rain')).status, 400, 'the old model is gone');
  t.equal((await gateway.call('snow')).status, 200, 'the new one answers');
  gateway.app.refuse(['models.snow: no']);
  t.equal((await gateway.call('snow')).status, 200, 'the last good config serves');
  const shown = (await (await fetch(`${gateway.urls.admin}/admin/config`)).json()) as {
    refused: { reasons: string[] };
  };
  t.same(shown.refused.reasons, ['models.snow: no']);
  const metrics = await (await fetch(`${gateway.urls.admin}/metrics`)).text();
  t.match(metrics, /meridian_config_reloads_total\{result="refused"\} 1/);
});

test('/admin/config shows no secret', async t => {
  const gateway = await startTestGateway(t, {
    credentials: { accessKeyId: 'demo', secretAccessKey: 'demo' },
    cacheStore: { keySecret: 'a-very-secret-secret' },
    models: { rain: simpleModel(['us-east-1']) },
  });
  const text = await (await fetch(`${gateway.urls.admin}/admin/config`)).text();
  t.notMatch(text, 'a-very-secret-secret');
  t.notMatch(text, /"secretAccessKey":"demo"/);
});

test('the admin listener refuses other hosts and origins, and knows roles', async t => {
  const { createAdminAccess } = await import('../../src/security/admin-access.ts');
  const { createHash } = await import('node:crypto');
  const digest = (key: string) => createHash('sha256').update(key).digest('hex');
  const access = createAdminAccess({
    keys: [
      { id: 'eve', sha256: digest('view'), role: 'viewer' },
      { id: 'olga', sha256: digest('operate'), role: 'operator' },
    ],
    hosts: ['meridian.internal'],
  });
  const call = {
    host: 'meridian.internal:8081',
    origin: undefined,
    authorization: 'Bearer operate',
    remoteAddress: '10.0.0.9',
    role: 'operator',
  } as const;
  t.same(access(call), { actor: 'olga', role: 'operator' });
  t.throws(() => access({ ...call, host: 'evil.example' }), { code: 'not-allowed' });
  t.throws(() => access({ ...call, origin: 'https://evil.example' }), { code: 'not-allowed' });
  t.throws(() => access({ ...call, authorization: 'Bearer view' }), { code: 'not-allowed' });
  t.throws(() => access({ ...call, authorization: 'Bearer guess' }), { code: 'unauthenticated' });
  t.throws(
    () => access({ ...call, authorization: undefined, remoteAddress: '127.0.0.1' }),
    { code: 'unauthenticated' },
    'keys bind on loopback too',
  );
  t.same(
    createAdminAccess({ keys: [], hosts: [] })({
      ...call,
      host: 'localhost',
      authorization: undefined,
      remoteAddress: '127.0.0.1',
    }).actor,
    'local',
  );
  t.throws(() => createAdminAccess({ keys: [], hosts: ['a'] })({ ...call, host: 'a', authorization: undefined }), {
    code: 'unauthenticated',
  });
});
