import { test } from 'tap';
import { callUntil, canaryApi, canaryModel } from '../helpers/canary.ts';
import { startTestGateway } from '../helpers/gateway.ts';

test('a good version climbs its steps and is promoted', async t => {
  const gateway = await startTestGateway(t, { models: { rain: canaryModel() } }, { logLevel: 'error' });
  const { post, status } = canaryApi(gateway);
  const started = await post('start', { model: 'rain', version: 'v2' });
  t.equal(started.status, 200, JSON.stringify(started.body));
  t.match(started.body, { state: 'stepping', share: 0.25, canary: { version: 'v2' }, stable: { version: 'v1' } });
  const got = await callUntil(gateway, async () => (await status())?.state === 'promoted');
  const last = await status();
  t.equal(last?.state, 'promoted', JSON.stringify(last));
  t.ok(got.every(({ status: code }) => code === 200));
  t.equal((await gateway.call('rain')).headers.get('x-meridian-model-version'), 'v2');
});

test('a version that fails is rolled back within seconds, and its callers hardly notice', async t => {
  const gateway = await startTestGateway(t, { models: { rain: canaryModel() } }, { logLevel: 'error' });
  for (const region of Object.keys(gateway.simulator.urls))
    await gateway.simulator.faults.add({ region, kind: 'error', endpoint: 'rain-v2' });
  const { post, status } = canaryApi(gateway);
  await post('start', { model: 'rain', version: 'v2' });
  const startedAt = performance.now();
  const got = await callUntil(gateway, async () => (await status())?.state === 'rolled-back');
  const tookMs = performance.now() - startedAt;
  const last = await status();
  t.equal(last?.state, 'rolled-back', JSON.stringify(last));
  t.ok(tookMs < 10_000, `${tookMs} ms`);
  t.ok(
    got.every(({ status: code, version }) => code === 200 && version === 'v1'),
    'stable answered for it',
  );
  t.match(last?.reason, /statistic/);
});
