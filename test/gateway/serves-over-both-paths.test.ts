import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { test } from 'tap';
import { simpleModel, startTestGateway } from '../helpers/gateway.ts';

test('an unmodified AWS SDK with its endpoint changed gets the prediction, every header both ways', async t => {
  const gateway = await startTestGateway(t, {
    models: { rain: simpleModel(['us-east-1'], { aliases: ['rain-prod'] }) },
  });
  const client = new SageMakerRuntimeClient({
    region: 'us-east-1',
    endpoint: gateway.urls.data,
    credentials: { accessKeyId: 'any', secretAccessKey: 'thing' },
  });
  t.teardown(() => client.destroy());
  const answer = await client.send(
    new InvokeEndpointCommand({
      EndpointName: 'rain-prod',
      Body: Buffer.from([0, 255, 10, 13]),
      ContentType: 'application/x-odd',
      Accept: '*/*',
      CustomAttributes: 'c000b4f9-df62-4c85-a0bf-7c525f9104a4',
      InferenceId: 'order 42',
    }),
  );
  t.same([...answer.Body], [0, 255, 10, 13], 'bytes in, bytes out');
  t.equal(answer.ContentType, 'application/x-odd');
  t.equal(answer.InvokedProductionVariant, 'AllTraffic');
  t.match(answer.$metadata.requestId, /^[0-9a-f-]{36}$/);
  t.equal(answer.$metadata.attempts, 1);
});

test('curl’s path answers the same and says what happened', async t => {
  const gateway = await startTestGateway(t, { models: { rain: simpleModel(['us-west-2']) } });
  const answer = await gateway.call('rain');
  t.equal(answer.status, 200);
  t.equal(answer.text, 'hello');
  t.equal(answer.headers.get('x-meridian-target'), 'v1@us-west-2/realtime');
  t.equal(answer.headers.get('x-meridian-region'), 'us-west-2');
  t.equal(answer.headers.get('x-meridian-model-version'), 'v1');
  t.equal(answer.headers.get('x-meridian-attempts'), 'v1@us-west-2/realtime:ok');
  t.equal(answer.headers.get('x-meridian-cache'), 'bypass');
  t.equal(answer.headers.get('x-meridian-fallback'), 'none');
  t.match(answer.headers.get('server-timing'), /^upstream;dur=\d+\.\d, gateway;dur=\d+\.\d\d$/);
});

test('errors keep the caller’s protocol', async t => {
  const gateway = await startTestGateway(t, { models: { rain: simpleModel(['us-west-2']) } });
  const plain = await gateway.call('snow');
  t.equal(plain.status, 400);
  t.match(JSON.parse(plain.text), { error: { code: 'unknown-model', message: /check the name/ } });
  const client = new SageMakerRuntimeClient({
    region: 'us-east-1',
    endpoint: gateway.urls.data,
    credentials: { accessKeyId: 'any', secretAccessKey: 'thing' },
  });
  t.teardown(() => client.destroy());
  await t.rejects(client.send(new InvokeEndpointCommand({ EndpointName: 'snow', Body: Buffer.from('x') })), {
    name: 'ValidationError',
    $metadata: { httpStatusCode: 400 },
  });
});

test('health paths and readiness', async t => {
  const gateway = await startTestGateway(t, { models: { rain: simpleModel(['us-west-2']) } });
  for (const url of [gateway.urls.data, gateway.urls.admin]) {
    for (const path of ['/livez', '/readyz', '/ping']) t.equal((await fetch(url + path)).status, 200, path);
  }
  gateway.simulator.faults.add({ region: 'us-west-2', kind: 'refuse' });
  await gateway.call('rain');
  t.equal((await fetch(`${gateway.urls.data}/readyz`)).status, 200, 'a dead region is not the replica’s own reason');
});
