import { test } from 'tap';
import type { ModelContainer } from '../../sim/model-port.ts';
import { eventually } from '../helpers/eventually.ts';
import { simpleModel, startTestGateway } from '../helpers/gateway.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { echoContainers } from '../helpers/simulator.ts';

const rain = simpleModel(['us-east-1'], {
  cache: { freshSeconds: 60, staleIfErrorSeconds: 600 },
  fallback: [{ static: { body: 'static' } }],
  deadlineMs: 10_000,
});

test('a caller in a hurry does not cut short the call that others share', async t => {
  const gateway = await startTestGateway(t, { models: { rain } }, { simulator: { latencyScale: 5 } });
  const hurried = gateway.call('rain', { body: 'same', headers: { 'x-meridian-timeout-ms': '100' } });
  await eventually(
    t,
    'the shared call is upstream',
    () => gateway.app.parts.health.describeAll()[0]?.health.inFlight === 1,
  );
  const patient = gateway.call('rain', { body: 'same' });
  t.match(
    [(await hurried).headers.get('x-meridian-fallback'), (await hurried).text],
    ['static', 'static'],
    'its own fallback, in time',
  );
  const answer = await patient;
  t.match([answer.status, answer.text, answer.headers.get('x-meridian-cache')], [200, 'same', 'coalesced']);
  t.equal(gateway.simulator.stats().regions['us-east-1']?.total, 1);
});

test('a caller whose own limit ends a shared call is told what was tried until then', async t => {
  const two = simpleModel(['us-east-1', 'us-west-2'], {
    routing: { policy: 'ordered' },
    cache: { freshSeconds: 60 },
    fallback: [{ static: { body: 'static' } }],
  });
  const clock = manualClock(Date.now());
  const gateway = await startTestGateway(t, { models: { two } }, { clock, simulator: { latencyScale: 20 } });
  await gateway.simulator.faults.add({ region: 'us-east-1', kind: 'error', errorType: 'InternalFailure' });
  const hurried = gateway.call('two', { headers: { 'x-meridian-timeout-ms': '900' } });
  await eventually(t, 'the second target is asked', () =>
    gateway.app.parts.health
      .describeAll()
      .some(({ target, health }) => target.region === 'us-west-2' && health.inFlight === 1),
  );
  clock.advance(880);
  const { headers } = await hurried;
  t.equal(headers.get('x-meridian-fallback'), 'static');
  t.match(headers.get('x-meridian-attempts'), /^v1@us-east-1\/realtime:backend-fault$/);
});

test('announced bytes hold nothing: idle connections keep nobody out', async t => {
  const mebibyte = 1_048_576;
  const small = simpleModel(['us-east-1'], { maxRequestBytes: mebibyte, maxResponseBytes: mebibyte });
  const gateway = await startTestGateway(t, {
    limits: { maxBufferedBytes: 2 * mebibyte, drainMs: 0 },
    models: { small },
  });
  const { connect } = await import('node:net');
  const { hostname, port } = new URL(gateway.urls.data);
  const idle = Array.from({ length: 10 }, () => connect(Number(port), hostname));
  t.teardown(() => idle.forEach(socket => void socket.destroy()));
  for (const socket of idle)
    socket.write(`POST /v1/models/small/invocations HTTP/1.1\r\nHost: a\r\nContent-Length: ${mebibyte}\r\n\r\n`);
  await eventually(t, 'all are being read', async () =>
    /meridian_requests_in_flight 10/.test(await (await fetch(`${gateway.urls.admin}/metrics`)).text()),
  );
  t.equal((await gateway.call('small', { body: 'x'.repeat(100_000) })).status, 200);
});

test('what waited on a failed region is counted as upstream time', async t => {
  const broken: ModelContainer = {
    predict: () => ({ status: 500, contentType: 'text/plain', body: Buffer.from('no') }),
  };
  const gateway = await startTestGateway(
    t,
    { models: { rain } },
    { simulator: { latencyScale: 1, containers: { ...echoContainers, 'rain-v1': broken } } },
  );
  const answer = await gateway.call('rain');
  t.equal(answer.headers.get('x-meridian-fallback'), 'static');
  t.ok(Number(/upstream;dur=([\d.]+)/.exec(answer.headers.get('server-timing') ?? '')?.[1]) > 1);
});

test('a caller’s own limit spends no retry of the others', async t => {
  const gateway = await startTestGateway(t, { models: { small: simpleModel() } });
  for (const region of Object.keys(gateway.simulator.urls))
    await gateway.simulator.faults.add({ region, kind: 'black-hole' });
  const answer = await gateway.call('small', { headers: { 'x-meridian-timeout-ms': '60' } });
  t.match([answer.status, answer.headers.get('x-meridian-attempts')?.split(',').length], [503, 1]);
  t.equal(gateway.app.parts.budget.remaining(), 1);
});

test('an SDK that timed out and comes back joins the call it left', async t => {
  const gateway = await startTestGateway(
    t,
    { models: { rain: simpleModel(['us-east-1'], { idempotent: false }) } },
    { simulator: { latencyScale: 8 } },
  );
  const total = () => gateway.simulator.stats().regions['us-east-1']?.total;
  const headers = { 'amz-sdk-invocation-id': 'one-call', 'amz-sdk-request': 'attempt=1; max=3' };
  const impatient = new AbortController();
  const first = gateway.call('rain', { headers, signal: impatient.signal });
  await eventually(t, 'the call is upstream', () => total() === 1);
  impatient.abort();
  await t.rejects(first);
  const again = await gateway.call('rain', { headers: { ...headers, 'amz-sdk-request': 'attempt=2; max=3' } });
  t.match([again.status, again.headers.get('x-meridian-cache'), total()], [200, 'coalesced', 1]);
});

test('a caller that leaves for good cancels its call, at once or once an SDK would have come back', async t => {
  const gateway = await startTestGateway(t, { models: { rain: simpleModel(['us-east-1']) } });
  await gateway.simulator.faults.add({ region: 'us-east-1', kind: 'black-hole' });
  const inFlight = () => gateway.app.parts.health.describeAll()[0]?.health.inFlight;
  for (const headers of [{}, { 'amz-sdk-invocation-id': 'gone' }]) {
    const leaver = new AbortController();
    const call = gateway.call('rain', { headers, signal: leaver.signal });
    await eventually(t, 'upstream', () => inFlight() === 1);
    leaver.abort();
    await t.rejects(call);
    await eventually(t, 'cancelled', () => inFlight() === 0);
  }
});
