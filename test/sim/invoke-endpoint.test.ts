import { InvokeEndpointCommand, ModelError, ValidationError } from '@aws-sdk/client-sagemaker-runtime';
import { test } from 'tap';
import type { ModelContainer } from '../../sim/model-port.ts';
import { failure, invoke, runtimeClient, signedPost } from '../helpers/aws-clients.ts';
import { echoContainers, startTestSimulator } from '../helpers/simulator.ts';

const failing: ModelContainer = {
  predict: ({ body }) => ({ status: Number(body.toString()), contentType: 'text/plain', body: Buffer.from('bad day') }),
};

test('bytes go in and come out in every region', async t => {
  const simulator = await startTestSimulator(t);
  const bytes = Buffer.from([0, 255, 10, 13, 128]);
  for (const region of ['us-east-1', 'us-west-2', 'eu-west-1', 'ap-southeast-1']) {
    const client = runtimeClient(t, simulator, region);
    const answer = await invoke(client, 'rain-v1', { Body: bytes, ContentType: 'application/x-test' });
    t.same(Buffer.from(answer.Body ?? []), bytes);
    t.equal(answer.ContentType, 'application/x-test');
    t.equal(answer.InvokedProductionVariant, 'AllTraffic');
    t.match(answer.$metadata.requestId, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
});

test('the container sees the headers meant for it, and custom attributes come back', async t => {
  const seen: unknown[] = [];
  const spy: ModelContainer = {
    predict: ({ body, ...rest }) => {
      seen.push(rest);
      return { status: 200, contentType: 'application/json', body };
    },
  };
  const simulator = await startTestSimulator(t, { containers: { ...echoContainers, 'rain-v1': spy } });
  const answer = await invoke(runtimeClient(t, simulator), 'rain-v1', {
    ContentType: 'text/csv',
    Accept: 'application/json',
    CustomAttributes: 'trace=1',
    InferenceId: 'order-1',
    EnableExplanations: '`true`',
    PrefixAwareId: 'prefix',
  });
  t.same(seen, [{ contentType: 'text/csv', accept: 'application/json' }]);
  t.equal(answer.CustomAttributes, 'trace=1');
});

test('a missing endpoint is a ValidationError that names it and the account', async t => {
  const simulator = await startTestSimulator(t);
  const error = await failure(invoke(runtimeClient(t, simulator), 'nowhere'));
  t.type(error, ValidationError);
  t.equal(error.message, 'Endpoint nowhere of account 123456789012 not found.');
  t.match(error['$metadata'], { httpStatusCode: 400 });
});

test("a container's error is a ModelError with the original status", async t => {
  const simulator = await startTestSimulator(t, { containers: { ...echoContainers, 'rain-v1': failing } });
  const client = runtimeClient(t, simulator);
  for (const [status, side] of [
    [400, 'client'],
    [507, 'server'],
  ] as const) {
    const error = await failure(invoke(client, 'rain-v1', { Body: Buffer.from(String(status)) }));
    t.type(error, ModelError);
    t.equal(error['OriginalStatusCode'], status);
    t.equal(error['OriginalMessage'], 'bad day');
    t.equal(error['LogStreamArn'], 'arn:aws:logs:us-east-1:123456789012:log-group:/aws/sagemaker/Endpoints/rain-v1');
    t.match(
      error.message,
      `Received ${side} error (${status}) from primary with message "bad day". See https://us-east-1.console.aws.amazon.com/`,
    );
    t.match(error['$metadata'], { httpStatusCode: 424 });
  }
});

test('errors have the wire form of the service', async t => {
  const simulator = await startTestSimulator(t);
  const url = simulator.url('us-east-1');
  const post = (path: string) => signedPost(url, { path, body: 'x' });
  const missing = await post('/endpoints/nowhere/invocations');
  t.equal(missing.status, 400);
  t.equal(missing.headers['x-amzn-errortype'], 'ValidationError');
  t.match(missing.headers['x-amzn-requestid'], /^[0-9a-f-]{36}$/);
  t.same(JSON.parse(missing.body), { Message: 'Endpoint nowhere of account 123456789012 not found.' });

  await simulator.faults.add({ region: 'us-east-1', kind: 'throttle' });
  const throttled = await post('/endpoints/rain-v1/invocations');
  t.equal(throttled.status, 400);
  t.equal(throttled.headers['x-amzn-errortype'], 'ThrottlingException');
  t.equal(throttled.body, '{"message":null}');

  const unknown = await post('/endpoints/rain-v1/elsewhere');
  t.equal(unknown.status, 404);
  t.equal(unknown.headers['x-amzn-errortype'], 'UnknownOperationException');
});

test('an identity without permission is denied', async t => {
  const simulator = await startTestSimulator(t);
  const client = runtimeClient(t, simulator, 'us-east-1', {
    credentials: { accessKeyId: 'denied', secretAccessKey: 'denied' },
  });
  const error = await failure(client.send(new InvokeEndpointCommand({ EndpointName: 'rain-v1', Body: 'x' })));
  t.equal(error.name, 'AccessDeniedException');
  t.match(error.message, 'arn:aws:sagemaker:us-east-1:123456789012:endpoint/rain-v1');
  t.match(error['$metadata'], { httpStatusCode: 403 });
});

test('request ids and sessions repeat with the seed', async t => {
  const run = async (seed: number) => {
    const simulator = await startTestSimulator(t, { seed });
    const answer = await invoke(runtimeClient(t, simulator), 'rain-v1', { SessionId: 'NEW_SESSION' });
    return [answer.$metadata.requestId, answer.NewSessionId?.split(';')[0]];
  };
  t.same(await run(7), await run(7));
  t.not((await run(7))[0], (await run(8))[0]);
});
