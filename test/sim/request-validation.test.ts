import type { InvokeEndpointCommandInput } from '@aws-sdk/client-sagemaker-runtime';
import { test } from 'tap';
import { failure, invoke, runtimeClient, signedPost } from '../helpers/aws-clients.ts';
import { echoContainers, startTestSimulator } from '../helpers/simulator.ts';

const refused: readonly [name: string, input: Partial<InvokeEndpointCommandInput>][] = [
  ['customAttributes', { CustomAttributes: 'a'.repeat(1025) }],
  ['targetVariant', { TargetVariant: 'a'.repeat(64) }],
  ['targetVariant', { TargetVariant: '-v1' }],
  ['inferenceId', { InferenceId: 'a'.repeat(65) }],
  ['enableExplanations', { EnableExplanations: 'a'.repeat(65) }],
  ['inferenceComponent', { InferenceComponentName: 'a b' }],
  ['sessionId', { SessionId: 'a'.repeat(257) }],
  ['prefixAwareId', { PrefixAwareId: 'a'.repeat(65) }],
  ['targetContainerHostname', { TargetContainerHostname: 'a/b' }],
  ['targetModel', { TargetModel: 'a b' }],
];

test('headers out of their limits are refused by name', async t => {
  const simulator = await startTestSimulator(t);
  const client = runtimeClient(t, simulator);
  for (const [name, input] of refused) {
    const error = await failure(invoke(client, 'rain-v1', input));
    t.equal(error.name, 'ValidationError', name);
    t.match(error.message, `at '${name}' failed to satisfy constraint`);
  }
});

test('headers at their limits pass', async t => {
  const simulator = await startTestSimulator(t);
  const input = { CustomAttributes: 'a'.repeat(1024), InferenceId: 'a'.repeat(64), EnableExplanations: 'a'.repeat(64) };
  const answer = await invoke(runtimeClient(t, simulator), 'rain-v1', input);
  t.equal(answer.CustomAttributes, input.CustomAttributes);
});

test('what only another kind of endpoint understands is refused', async t => {
  const simulator = await startTestSimulator(t);
  const client = runtimeClient(t, simulator);
  for (const [endpoint, input, says] of [
    ['rain-v1', { TargetModel: 'SEA.tar.gz' }, 'is not a multi-model endpoint'],
    ['rain-v1', { InferenceComponentName: 'x' }, 'does not have inference components'],
    ['rain-v1', { TargetVariant: 'v9' }, 'Variant v9 of endpoint rain-v1 of account 123456789012 not found'],
    ['rain-v1', { TargetContainerHostname: 'x' }, 'is not a multi-container endpoint'],
    ['rain-serverless', { SessionId: 'NEW_SESSION' }, 'does not support sessionId'],
  ] as const) {
    const error = await failure(invoke(client, endpoint, input));
    t.equal(error.name, 'ValidationError');
    t.match(error.message, says);
  }
});

test('names no endpoint can have are refused, however they are encoded', async t => {
  const simulator = await startTestSimulator(t);
  const url = simulator.url('us-east-1');
  for (const name of ['-rain', 'rain_v1', '%2e%2e', '..%2frain', 'a'.repeat(64)]) {
    const path = `/endpoints/${name}/invocations`;
    const response = await signedPost(url, { path });
    t.equal(response.status, 400, name);
    t.match(response.body, "at 'endpointName' failed to satisfy constraint");
  }
});

test('payload limits differ by kind, on the way in and on the way out', async t => {
  const mib = 1024 * 1024;
  const big = { predict: () => ({ status: 200, contentType: 'text/plain', body: Buffer.alloc(4 * mib + 1) }) };
  const simulator = await startTestSimulator(t, {
    containers: { ...echoContainers, 'rain-v2': big },
    endpoints: [
      { kind: 'real-time', name: 'always-on', container: 'echo' },
      { kind: 'serverless', name: 'sometimes', container: 'echo', maxConcurrency: 2 },
      { kind: 'serverless', name: 'talkative', container: 'rain-v2', maxConcurrency: 2 },
    ],
  });
  const client = runtimeClient(t, simulator);
  const size = async (endpoint: string, bytes: number) =>
    (await invoke(client, endpoint, { Body: Buffer.alloc(bytes) })).Body?.length;
  t.equal(await size('always-on', 25 * mib), 25 * mib);
  t.equal(await size('sometimes', 4 * mib), 4 * mib);

  const tooLarge = await failure(size('always-on', 25 * mib + 1));
  t.match(tooLarge['$metadata'], { httpStatusCode: 413 });
  t.equal(tooLarge.message, 'HTTP content length exceeded 26214400 bytes.');
  const oversize = await failure(size('sometimes', 4 * mib + 1));
  t.equal(oversize.name, 'ValidationError');
  t.match(oversize.message, /^Request [0-9a-f-]{36} has oversize body\.$/);
  t.match(await failure(size('talkative', 1)), { name: 'ModelError', OriginalStatusCode: 500 });
});
