import { lookup } from 'node:dns';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { type Test, test } from 'tap';
import { awsControlPlane } from '../../src/backends/aws-control-plane.ts';
import { type ControlPlane, ControlPlaneError } from '../../src/backends/control-plane.ts';
import { startTestSimulator } from '../helpers/simulator.ts';

const token = 'a'.repeat(64);
const start = { pipeline: 'rain-retrain', token, displayName: 'x', description: 'y', parameters: { Episode: 'e1' } };
const event = { bus: 'default', source: 'meridian', detailType: 'Test', detail: '{}', resources: [] };

function plane(t: Test, url: string | undefined, keys = true): ControlPlane {
  const control = awsControlPlane({
    siteOf: () => (url === undefined ? undefined : { sagemakerUrl: url, eventBridgeUrl: url, identity: 'demo' }),
    credentialsOf: () => (keys ? { accessKeyId: 'demo', secretAccessKey: 'demo' } : undefined),
    lookup: lookup as never,
  });
  t.teardown(() => control.stop());
  return control;
}

async function failure(work: Promise<unknown>): Promise<ControlPlaneError> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ControlPlaneError) return error;
  throw new Error(`no ControlPlaneError: ${String(error)}`);
}

test('a token starts one run however often it is sent, and the run can be looked at', async t => {
  const simulator = await startTestSimulator(t);
  const control = plane(t, simulator.url('us-east-1'));
  const arn = await control.startPipeline('us-east-1', start);
  t.equal(await control.startPipeline('us-east-1', start), arn);
  t.not(await control.startPipeline('us-east-1', { ...start, token: 'b'.repeat(64) }), arn);
  t.match(await control.describeExecution('us-east-1', arn), { status: /^(Executing|Failed)$/ });
});

test('each event has its own result', async t => {
  const simulator = await startTestSimulator(t);
  const control = plane(t, simulator.url('us-east-1'));
  t.match(await control.putEvents('us-east-1', [event, { ...event, detail: 'no JSON' }]), [
    { ok: true, id: /./ },
    { ok: false, code: 'MalformedDetail', retryable: false },
  ]);
  await simulator.faults.add({ region: 'us-east-1', kind: 'event-entry-error', errorType: 'ThrottlingException' });
  t.match(await control.putEvents('us-east-1', [event]), [{ ok: false, code: 'ThrottlingException', retryable: true }]);
});

test('what may pass can be tried again, what was refused cannot', async t => {
  const simulator = await startTestSimulator(t);
  const control = plane(t, simulator.url('us-east-1'));
  const missing = await failure(control.startPipeline('us-east-1', { ...start, pipeline: 'nothing' }));
  t.match(missing, { code: /ResourceNotFound/, retryable: false });
  for (const [errorType, retryable] of [
    ['ServiceUnavailable', true],
    ['ThrottlingException', true],
    ['AccessDeniedException', false],
  ] as const) {
    const id = await simulator.faults.add({ region: 'us-east-1', kind: 'control-error', errorType });
    t.match(await failure(control.startPipeline('us-east-1', start)), { code: errorType, retryable, unsure: false });
    await simulator.faults.remove(id);
  }
});

test('silence, no keys and no place are failures that may pass', async t => {
  const deaf = createServer((request, response) => {
    request.resume();
    response.writeHead(502, { 'content-type': 'text/html' }).end('<html>bad gateway</html>');
  });
  await new Promise<void>(resolve => deaf.listen(0, '127.0.0.1', resolve));
  t.teardown(() => deaf.close());
  const url = `http://127.0.0.1:${(deaf.address() as AddressInfo).port}`;
  t.match(await failure(plane(t, url).startPipeline('us-east-1', start)), { retryable: true, unsure: true });
  t.match(await failure(plane(t, url, false).startPipeline('us-east-1', start)), {
    retryable: true,
    unsure: false,
    message: /no usable credentials/,
  });
  t.match(await failure(plane(t, undefined).putEvents('us-east-1', [event])), { message: /no control plane/ });
  t.match(await failure(plane(t, 'http://127.0.0.1:1').putEvents('us-east-1', [event])), {
    retryable: true,
    unsure: false,
  });
});

test('a run is found by its display name', async t => {
  const simulator = await startTestSimulator(t);
  const control = plane(t, simulator.url('us-east-1'));
  const search = { pipeline: 'rain-retrain', displayName: 'meridian-abc', sinceMs: Date.now() - 60_000 };
  t.equal(await control.findExecution('us-east-1', search), undefined);
  await control.startPipeline('us-east-1', start);
  const arn = await control.startPipeline('us-east-1', {
    ...start,
    token: 'b'.repeat(64),
    displayName: 'meridian-abc',
  });
  t.match(await control.findExecution('us-east-1', search), { arn, status: /^(Executing|Failed)$/ });
  t.equal(await control.findExecution('us-east-1', { ...search, sinceMs: Date.now() + 60_000 }), undefined);
  t.match(await failure(control.findExecution('us-east-1', { ...search, pipeline: 'none' })), { retryable: false });
});

test('a run is stopped by its ARN, with a token', async t => {
  const asked: unknown[] = [];
  const server = createServer(async (request, response) => {
    asked.push([request.headers['x-amz-target'], await json(request)]);
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end('{}');
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const control = plane(t, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await control.stopExecution('us-east-1', 'arn:run', token);
  t.same(asked, [['SageMaker.StopPipelineExecution', { PipelineExecutionArn: 'arn:run', ClientRequestToken: token }]]);
});
