import { test } from 'tap';
import type { InvokeFields } from '../../src/core/request.ts';
import { invokeRequestHeaders } from '../../src/wire/sagemaker-runtime.ts';
import { limitsOf, oneRegion, requestOf, targetOf, testBackends } from '../helpers/backend-fixtures.ts';
import { startTestSimulator } from '../helpers/simulator.ts';
import { closedPort, type Script, startUpstream } from '../helpers/upstream.ts';

type Tap = Parameters<typeof testBackends>[0];

async function scripted(t: Tap, script: Script) {
  const upstream = await startUpstream(t, script);
  const { backends, clock } = testBackends(t, { regions: oneRegion(upstream.url) });
  return { upstream, clock, backend: backends.backends['sagemaker-realtime'] };
}

test('bytes go in and come out as they are, with how long it took', async t => {
  const bytes = Buffer.from([0, 255, 13, 10, 128]);
  const { backend, clock, upstream } = await scripted(t, (response, seen) => {
    clock.advance(40);
    response.end(seen.body);
  });
  const result = await backend.invoke(targetOf(), { ...requestOf(''), body: bytes }, limitsOf());
  t.match(result, { outcome: 'ok', sent: true, durationMs: 40 });
  t.strictSame(result.answer?.body, bytes);
  t.equal(upstream.seen[0]?.path, '/endpoints/rain-v1/invocations');
});

const fields: InvokeFields = {
  contentType: 'text/csv',
  accept: 'application/json',
  customAttributes: 'trace=1',
  targetModel: 'a/b.tar.gz',
  targetVariant: 'v1',
  targetContainerHostname: 'second',
  inferenceId: 'id-1',
  enableExplanations: '`true`',
  inferenceComponent: 'component',
  sessionId: 'NEW_SESSION',
  prefixAwareId: 'prefix',
};

test('every field SageMaker knows is forwarded, and nothing else', async t => {
  const { backend, upstream } = await scripted(t, response => response.end());
  await backend.invoke(targetOf(), requestOf('x', { fields, traceparent: '00-aa-bb-01' }), limitsOf());
  const headers = upstream.seen[0]?.headers ?? {};
  for (const [header, field] of invokeRequestHeaders) t.equal(headers[header], fields[field], header);
  t.equal(headers['traceparent'], '00-aa-bb-01');
  const known = new Set<string>([
    ...invokeRequestHeaders.map(([header]) => header),
    'traceparent',
    'host',
    'connection',
  ]);
  const others = Object.keys(headers).filter(name => !known.has(name));
  t.strictSame(others.sort(), ['authorization', 'content-length', 'x-amz-content-sha256', 'x-amz-date']);
});

test('what a target fixes outranks what the caller wishes', async t => {
  const { backend, upstream } = await scripted(t, response => response.end());
  const target = targetOf({ variant: 'fixed', component: 'fixed-component', targetModel: 'fixed.tar.gz' });
  await backend.invoke(target, requestOf('x', { fields }), limitsOf());
  t.match(upstream.seen[0]?.headers, {
    'x-amzn-sagemaker-target-variant': 'fixed',
    'x-amzn-sagemaker-inference-component': 'fixed-component',
    'x-amzn-sagemaker-target-model': 'fixed.tar.gz',
  });
});

test('of the answer’s headers callers get the five they may, if those are sound', async t => {
  const { backend } = await scripted(t, (response, _seen, nth) => {
    response.writeHead(200, {
      'content-type': 'application/json',
      'x-amzn-invoked-production-variant': 'v1',
      'x-amzn-sagemaker-custom-attributes': nth === 1 ? 'trace=1' : 'é',
      'x-amzn-sagemaker-new-session-id': 'abc; Expires=2026-01-01T00:00:00Z',
      'x-amzn-sagemaker-closed-session-id': nth === 1 ? 'abc' : 'a'.repeat(600),
      'x-amzn-requestid': 'secret-ish',
      'set-cookie': 'a=b',
      server: 'nginx',
    });
    response.end('{}');
  });
  const first = await backend.invoke(targetOf(), requestOf('x'), limitsOf());
  t.strictSame(first.answer?.headers, {
    'content-type': 'application/json',
    'x-amzn-invoked-production-variant': 'v1',
    'x-amzn-sagemaker-custom-attributes': 'trace=1',
    'x-amzn-sagemaker-new-session-id': 'abc; Expires=2026-01-01T00:00:00Z',
    'x-amzn-sagemaker-closed-session-id': 'abc',
  });
  const second = await backend.invoke(targetOf(), requestOf('x'), limitsOf());
  t.notOk('x-amzn-sagemaker-custom-attributes' in (second.answer?.headers ?? {}), 'not ASCII');
  t.notOk('x-amzn-sagemaker-closed-session-id' in (second.answer?.headers ?? {}), 'too long');
});

test('every way a connection fails has its outcome', async t => {
  const never = await scripted(t, () => {});
  const pending = never.backend.invoke(targetOf(), requestOf('x'), limitsOf({ timeoutMs: 300 }));
  await never.upstream.arrived(1);
  never.clock.advance(300);
  t.match(await pending, { outcome: 'timeout', sent: true, durationMs: 300 });

  const reset = await scripted(t, response => response.socket?.destroy());
  t.match(await reset.backend.invoke(targetOf(), requestOf('x'), limitsOf()), { outcome: 'backend-fault', sent: true });

  const long = await scripted(t, response => response.end('x'.repeat(11)));
  const short = limitsOf({ maxResponseBytes: 10 });
  t.match(await long.backend.invoke(targetOf(), requestOf('x'), short), {
    outcome: 'backend-fault',
    error: { type: 'RESPONSE_TOO_LARGE' },
  });

  const { backends } = testBackends(t, { regions: oneRegion(`http://127.0.0.1:${await closedPort()}`) });
  const refused = await backends.backends['sagemaker-realtime'].invoke(targetOf(), requestOf('x'), limitsOf());
  t.match(refused, { outcome: 'unreachable', sent: false, error: { type: 'ECONNREFUSED' } });

  const gone = limitsOf({ signal: AbortSignal.abort() });
  t.match(await reset.backend.invoke(targetOf(), requestOf('x'), gone), { outcome: 'cancelled', sent: false });
});

test('a region of which no URL is known is misconfigured', async t => {
  const { backend } = await scripted(t, response => response.end());
  t.match(await backend.invoke(targetOf({ region: 'eu-west-1' }), requestOf('x'), limitsOf()), {
    outcome: 'misconfigured',
    sent: false,
  });
});

test('a refused signature teaches the region’s time, and the call is made again', async t => {
  const simulator = await startTestSimulator(t);
  await simulator.faults.add({ region: 'us-east-1', kind: 'clock-skew' });
  const { backends } = testBackends(t, { regions: oneRegion(simulator.url('us-east-1')) });
  const backend = backends.backends['sagemaker-realtime'];
  const once = limitsOf({ idempotent: false });
  const calls = () => simulator.stats().regions['us-east-1']?.total ?? 0;
  t.match(await backend.invoke(targetOf(), requestOf('x'), once), { outcome: 'ok' }, 'refused work was not done');
  t.equal(calls(), 2);
  t.match(await backend.invoke(targetOf(), requestOf('x'), once), { outcome: 'ok' });
  t.equal(calls(), 3, 'learnt for good');
  await simulator.faults.clear();
  t.match(await backend.invoke(targetOf(), requestOf('x'), once), { outcome: 'ok' }, 'and unlearnt');
});

test('a wrong secret is not a matter of time: one call, misconfigured, nothing for the caller', async t => {
  const simulator = await startTestSimulator(t);
  const wrong = { credentials: { accessKeyId: 'demo', secretAccessKey: 'wrong' }, region: 'us-east-1' };
  const { backends } = testBackends(t, {
    regions: oneRegion(simulator.url('us-east-1')),
    identities: new Map([['demo', wrong]]),
  });
  const result = await backends.backends['sagemaker-realtime'].invoke(targetOf(), requestOf('x'), limitsOf());
  t.match(result, { outcome: 'misconfigured', sent: true, error: { type: 'InvalidSignatureException' } });
  t.equal(result.answer, undefined);
  t.match(result.error?.message, /; check the credentials.* \(AWS request /);
});

test('denied, unknown endpoint, throttled, ill: each as AWS says it', async t => {
  const simulator = await startTestSimulator(t);
  const { backends } = testBackends(t, {
    regions: oneRegion(simulator.url('us-east-1')),
    identities: new Map([
      ['demo', { credentials: { accessKeyId: 'demo', secretAccessKey: 'demo' }, region: 'us-east-1' }],
      ['denied', { credentials: { accessKeyId: 'denied', secretAccessKey: 'denied' }, region: 'us-east-1' }],
    ]),
  });
  const invoke = (overrides: Parameters<typeof targetOf>[0], wishes: InvokeFields = {}) =>
    backends.backends['sagemaker-realtime'].invoke(targetOf(overrides), requestOf('x', { fields: wishes }), limitsOf());
  t.match(await invoke({ identity: 'denied' }), { outcome: 'misconfigured', error: { type: 'AccessDeniedException' } });
  t.match(await invoke({ endpoint: 'nowhere' }), { outcome: 'misconfigured', error: { type: 'ValidationError' } });
  t.match(await invoke({ endpoint: 'rain-ab', variant: 'v9' }), { outcome: 'misconfigured' });
  t.match(await invoke({ endpoint: 'rain-ab' }, { targetVariant: 'v9' }), {
    outcome: 'caller-fault',
    answer: { status: 400 },
  });
  t.match(await invoke({ endpoint: 'rain-components', component: 'gone' }), { outcome: 'misconfigured' });
  const throttle = await simulator.faults.add({ region: 'us-east-1', kind: 'throttle' });
  t.match(await invoke({}), { outcome: 'throttled', error: { type: 'ThrottlingException' } });
  await simulator.faults.remove(throttle);
  for (const errorType of ['InternalFailure', 'ServiceUnavailable', 'InternalDependencyException', 'ModelError']) {
    const id = await simulator.faults.add({ region: 'us-east-1', kind: 'error', errorType });
    t.match(await invoke({}), { outcome: 'backend-fault', error: { type: errorType } });
    await simulator.faults.remove(id);
  }
  const reset = await simulator.faults.add({ region: 'us-east-1', kind: 'reset' });
  t.match(await invoke({}), { outcome: 'backend-fault', sent: true });
  await simulator.faults.remove(reset);
  t.match(await invoke({}), { outcome: 'ok' });
});
