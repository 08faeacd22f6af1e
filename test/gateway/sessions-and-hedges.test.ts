import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { test } from 'tap';
import { regionNames, simpleModel, startTestGateway, type TestGateway } from '../helpers/gateway.ts';

function clientOf(t: { teardown(run: () => void): void }, gateway: TestGateway): SageMakerRuntimeClient {
  const credentials = { accessKeyId: 'any', secretAccessKey: 'thing' };
  const client = new SageMakerRuntimeClient({ region: 'us-east-1', endpoint: gateway.urls.data, credentials });
  t.teardown(() => client.destroy());
  return client;
}

test('a session stays on the target that opened it, and its loss is an error', async t => {
  const gateway = await startTestGateway(t, {
    models: { rain: simpleModel(regionNames, { routing: { policy: 'weighted' } }) },
  });
  const client = clientOf(t, gateway);
  const invoke = (SessionId: string) =>
    client.send(new InvokeEndpointCommand({ EndpointName: 'rain', Body: Buffer.from('x'), SessionId }));
  const opened = await invoke('NEW_SESSION');
  const [sessionId = ''] = (opened.NewSessionId ?? '').split(';');
  t.match(opened.NewSessionId, /^[0-9a-f]{12}\..+; Expires=/, 'wrapped with its target');
  const before = { ...gateway.simulator.stats().regions };
  const home = regionNames.find(region => (before[region]?.total ?? 0) > 0) ?? '';
  for (let call = 0; call < 6; call += 1) await invoke(sessionId);
  t.equal(gateway.simulator.stats().regions[home]?.total, 7, 'all in the region that opened it');
  await gateway.simulator.faults.add({ region: home, kind: 'error', errorType: 'InternalFailure' });
  await t.rejects(invoke(sessionId), { name: 'ServiceUnavailable' }, 'no other region can continue it');
  await t.rejects(invoke(`000000000000.${sessionId.slice(13)}`), { name: 'ValidationError', message: /NEW_SESSION/ });
  await t.rejects(invoke('made-up'), { name: 'ValidationError' });
});

test('hedging asks a second target after the first one’s p95, cancels the loser, and is a retry of the budget', async t => {
  const rain = simpleModel(['us-east-1', 'us-west-2'], { hedging: true, routing: { policy: 'ordered', warmShare: 0 } });
  const gateway = await startTestGateway(t, { models: { rain } });
  for (let call = 0; call < 30; call += 1) await gateway.call('rain');
  const tokens = gateway.app.parts.budget.remaining();
  await gateway.simulator.faults.add({ region: 'us-east-1', kind: 'black-hole' });
  const answer = await gateway.call('rain');
  t.equal(answer.headers.get('x-meridian-attempts'), 'v1@us-east-1/realtime:cancelled,v1@us-west-2/realtime:ok');
  t.ok(gateway.app.parts.budget.remaining() < tokens);
  t.ok(
    gateway.app.parts.health.describeAll().every(({ health }) => health.inFlight === 0 && health.breaker === 'closed'),
  );
});

test('without hedging a hanging region costs its timeout, with it only the p95', async t => {
  const rain = simpleModel(['us-east-1', 'us-west-2'], { routing: { policy: 'ordered', warmShare: 0 } });
  const gateway = await startTestGateway(t, { models: { rain } });
  await gateway.call('rain');
  await gateway.simulator.faults.add({ region: 'us-east-1', kind: 'black-hole' });
  t.equal(
    (await gateway.call('rain')).headers.get('x-meridian-attempts'),
    'v1@us-east-1/realtime:timeout,v1@us-west-2/realtime:ok',
  );
});

test('an SDK’s own retry is counted and drawn from the budget', async t => {
  const gateway = await startTestGateway(t, { models: { rain: simpleModel() } });
  const headers = { 'amz-sdk-invocation-id': '0f0f', 'amz-sdk-request': 'attempt=2; max=3' };
  const before = gateway.app.parts.budget.remaining();
  await gateway.call('rain', { headers });
  t.ok(gateway.app.parts.budget.remaining() < before);
  const metrics = await (await fetch(`${gateway.urls.admin}/metrics`)).text();
  t.match(metrics, /meridian_client_retries_total\{model="rain"\} 1/);
});
