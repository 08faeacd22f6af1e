import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { test } from 'tap';
import type { InvokeFields } from '../../src/core/request.ts';
import { failure, runtimeClient } from '../helpers/aws-clients.ts';
import { limitsOf, oneRegion, requestOf, targetOf, testBackends } from '../helpers/backend-fixtures.ts';
import { startTestSimulator } from '../helpers/simulator.ts';
import { type Seen, startUpstream } from '../helpers/upstream.ts';

const everyField: InvokeFields = {
  contentType: 'text/csv',
  accept: 'application/json',
  customAttributes: 'trace=1,  spaced',
  targetModel: 'a/b.tar.gz',
  targetVariant: 'v1',
  targetContainerHostname: 'second',
  inferenceId: 'id-1',
  enableExplanations: '`true`',
  inferenceComponent: 'component',
  sessionId: 'NEW_SESSION',
  prefixAwareId: 'prefix',
};

function asInput(fields: InvokeFields, body: string) {
  return {
    EndpointName: 'rain-v1',
    Body: Buffer.from(body),
    ContentType: fields.contentType,
    Accept: fields.accept,
    CustomAttributes: fields.customAttributes,
    TargetModel: fields.targetModel,
    TargetVariant: fields.targetVariant,
    TargetContainerHostname: fields.targetContainerHostname,
    InferenceId: fields.inferenceId,
    EnableExplanations: fields.enableExplanations,
    InferenceComponentName: fields.inferenceComponent,
    SessionId: fields.sessionId,
    PrefixAwareId: fields.prefixAwareId,
  };
}

/** The client says of itself what a gateway does not, and each signs at its own moment. */
const theirOwn = new Set(['user-agent', 'x-amz-user-agent', 'amz-sdk-invocation-id', 'amz-sdk-request', 'connection']);
const perSignature = ['authorization', 'x-amz-date'];

function comparable({ method, path, headers, body }: Seen): unknown {
  const kept = Object.entries(headers).filter(([name]) => !theirOwn.has(name) && !perSignature.includes(name));
  return { method, path, body: body.toString(), headers: Object.fromEntries(kept.sort()) };
}

test('the request is the one the SDK would send', async t => {
  const upstream = await startUpstream(t, response => response.end());
  const { backends } = testBackends(t, { regions: oneRegion(upstream.url) });
  const sdk = new SageMakerRuntimeClient({
    region: 'us-east-1',
    endpoint: upstream.url,
    credentials: { accessKeyId: 'demo', secretAccessKey: 'demo' },
    maxAttempts: 1,
  });
  t.teardown(() => sdk.destroy());
  for (const fields of [
    everyField,
    { contentType: 'application/json' },
    { contentType: 'text/csv', inferenceId: '9' },
  ]) {
    await sdk.send(new InvokeEndpointCommand(asInput(fields, '1,2')));
    await backends.backends['sagemaker-realtime'].invoke(targetOf(), requestOf('1,2', { fields }), limitsOf());
    const [theirs, ours] = upstream.seen.slice(-2);
    if (theirs === undefined || ours === undefined) throw new Error('both were sent');
    t.strictSame(comparable(ours), comparable(theirs));
    for (const name of perSignature) t.ok(ours.headers[name], name);
    const scope = /Credential=demo\/\d{8}\/us-east-1\/sagemaker\/aws4_request/;
    t.match(theirs.headers.authorization, scope);
    t.match(ours.headers.authorization, scope);
  }
});

test('the error is the one the SDK would raise', async t => {
  const simulator = await startTestSimulator(t);
  const { backends } = testBackends(t, { regions: oneRegion(simulator.url('us-east-1')) });
  const sdk = runtimeClient(t, simulator);
  const types = [
    'ThrottlingException',
    'ModelError',
    'InternalFailure',
    'ServiceUnavailable',
    'InternalDependencyException',
    'ModelNotReadyException',
    'ValidationError',
    'AccessDeniedException',
  ];
  for (const errorType of types) {
    const id = await simulator.faults.add({ region: 'us-east-1', kind: 'error', errorType });
    const command = new InvokeEndpointCommand({ EndpointName: 'rain-v1', Body: Buffer.from('x') });
    const theirs = await failure(sdk.send(command));
    const ours = await backends.backends['sagemaker-realtime'].invoke(targetOf(), requestOf('x'), limitsOf());
    t.equal(ours.error?.type, theirs.name, errorType);
    await simulator.faults.remove(id);
  }
});
