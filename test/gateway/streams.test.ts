import { connect } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { test } from 'tap';
import { FrameDecoder } from '../../src/wire/event-stream.ts';
import { eventually } from '../helpers/eventually.ts';
import { simpleModel, startTestGateway } from '../helpers/gateway.ts';
import { sdkStream, talkingContainers } from '../helpers/streams.ts';

const simulator = { containers: talkingContainers };
const whole = ['one ', 'two ', 'three'];
/** East first, always; nothing is ejected, so that each call is one of its own. */
const routing = { policy: 'ordered', warmShare: 0 };
const health = { consecutiveFailures: 1_000, minimumRequests: 1_000 };
const oneRegion = { rain: simpleModel(['us-east-1']) };
const twoRegions = { rain: simpleModel(['us-east-1', 'us-west-2'], { routing }) };
const east = 'us-east-1';

test('an unmodified SDK streams through the gateway, and frames pass untouched', async t => {
  const gateway = await startTestGateway(t, { health, models: oneRegion }, { simulator });
  t.same(await sdkStream(t, gateway.urls.data), { texts: whole, contentType: 'text/plain', error: undefined });
  const raw = await fetch(`${gateway.urls.data}/endpoints/rain/invocations-response-stream`, { method: 'POST' });
  t.equal(raw.headers.get('content-type'), 'application/vnd.amazon.eventstream');
  t.equal(raw.headers.get('x-meridian-attempts'), 'v1@us-east-1/realtime:ok');
  t.equal((await raw.arrayBuffer()).byteLength, 109 + 109 + 110, 'three frames as the upstream made them');
});

test('the plain path streams to those who accept event streams', async t => {
  const gateway = await startTestGateway(t, { health, models: oneRegion }, { simulator });
  const answer = await gateway.call('rain', { headers: { accept: 'text/event-stream' } });
  t.equal(answer.headers.get('content-type'), 'text/event-stream');
  t.equal(answer.text, 'data: one \n\ndata: two \n\ndata: three\n\n');
});

test('until the first content any failure moves to the next target', async t => {
  const gateway = await startTestGateway(t, { health, models: twoRegions }, { simulator });
  for (const fault of [
    { kind: 'stream-error', after: 0 },
    { kind: 'stream-cut', after: 0 },
    { kind: 'stream-cut', after: 108 },
    { kind: 'error' },
    { kind: 'refuse' },
  ] as const) {
    const id = await gateway.simulator.faults.add({ region: east, ...fault });
    t.same(
      (await sdkStream(t, gateway.urls.data)).texts,
      whole,
      `${fault.kind} ${'after' in fault ? fault.after : ''}`,
    );
    gateway.simulator.faults.remove(id);
    await gateway.simulator.settled();
  }
});

test('cut after any number of bytes, a stream is whole from elsewhere or ends in an error, never in silence', async t => {
  const gateway = await startTestGateway(t, { health, models: twoRegions }, { simulator });
  const bytes = 109 + 109 + 110;
  const wrong: unknown[] = [];
  for (let after = 0; after < bytes; after += 1) {
    const id = await gateway.simulator.faults.add({ region: east, kind: 'stream-cut', after });
    const answer = await fetch(`${gateway.urls.data}/endpoints/rain/invocations-response-stream`, { method: 'POST' });
    const frames = new FrameDecoder().push(Buffer.from(await answer.arrayBuffer()));
    const seen = frames.map(({ headers, payload }) => headers[':exception-type'] ?? String(payload));
    const expected = after < 109 ? whole : [...whole.slice(0, after < 218 ? 1 : 2), 'ModelStreamError'];
    if (!isDeepStrictEqual(seen, expected)) wrong.push({ after, seen });
    gateway.simulator.faults.remove(id);
  }
  t.same(wrong, []);
});

test('a stream that breaks after its first content ends in an error of the caller’s protocol', async t => {
  const gateway = await startTestGateway(t, { health, models: twoRegions }, { simulator });
  await gateway.simulator.faults.add({ region: east, kind: 'stream-error', after: 2 });
  t.match(await sdkStream(t, gateway.urls.data), { texts: whole.slice(0, 2), error: 'ModelStreamError' });
  const plain = await gateway.call('rain', { headers: { accept: 'text/event-stream' } });
  t.match(plain.text, /^data: one \n\ndata: two \n\nevent: error\ndata: \{"error":\{"code":"stream-broken"/);
  const text = await (await fetch(`${gateway.urls.admin}/metrics`)).text();
  t.match(text, /meridian_requests_total\{model="rain",protocol="v1",outcome="failed",answered_by="model"\} 1/);
  t.match(text, /meridian_version_calls_total\{model="rain",version="v1",outcome="failed"\} 2/);
});

test('silence is cut by the clock it belongs to', async t => {
  const stream = { firstContentMs: 150, idleMs: 200 };
  const rain = simpleModel(['us-east-1', 'us-west-2'], { routing, stream });
  const gateway = await startTestGateway(t, { health, models: { rain } }, { simulator });
  const id = await gateway.simulator.faults.add({ region: east, kind: 'stream-stall', after: 0 });
  t.same((await sdkStream(t, gateway.urls.data)).texts, whole, 'before the first content: the next target');
  gateway.simulator.faults.remove(id);
  await gateway.simulator.faults.add({ region: east, kind: 'stream-stall', after: 1 });
  t.match(await sdkStream(t, gateway.urls.data), { texts: ['one '], error: 'ModelStreamError' });
  const text = await (await fetch(`${gateway.urls.admin}/metrics`)).text();
  t.match(text, /meridian_attempts_total\{[^}]*us-east-1[^}]*outcome="timeout"[^}]*\} 2/, 'both count as timeouts');
});

test('a caller in a hurry does not excuse a target that falls silent after its first content', async t => {
  const rain = simpleModel([east], { stream: { idleMs: 30 } });
  const gateway = await startTestGateway(t, { models: { rain } }, { simulator });
  await gateway.simulator.faults.add({ region: east, kind: 'stream-stall', after: 1 });
  const headers = { accept: 'text/event-stream', 'x-meridian-timeout-ms': '500' };
  for (let call = 0; call < 5; call += 1) t.match((await gateway.call('rain', { headers })).text, /event: error/);
  t.match(gateway.app.parts.health.describeAll()[0]?.health, { breaker: 'open', reason: 'consecutive-failures' });
});

test('rescued streams: a cut in the window is moved, and a buffered answer is whole or another’s', async t => {
  const of = (stream: object) => simpleModel(['us-east-1', 'us-west-2'], { routing, stream });
  const models = { none: of({}), restart: of({ rescue: 'restart' }), buffered: of({ rescue: 'buffered' }) };
  const gateway = await startTestGateway(t, { health, models }, { simulator });
  await gateway.simulator.faults.add({ region: east, kind: 'stream-cut', after: 250 });
  t.match(await sdkStream(t, gateway.urls.data, 'none'), { texts: ['one ', 'two '], error: 'ModelStreamError' });
  t.match(await sdkStream(t, gateway.urls.data, 'restart'), { texts: whole, error: undefined });
  t.match(await sdkStream(t, gateway.urls.data, 'buffered'), { texts: whole, error: undefined });
});

test('a caller who leaves closes the upstream at once, and no target is blamed', async t => {
  const gateway = await startTestGateway(t, { health, models: oneRegion }, { simulator });
  await gateway.simulator.faults.add({ region: east, kind: 'stream-stall', after: 1 });
  const { hostname, port } = new URL(gateway.urls.data);
  const socket = connect(Number(port), hostname);
  let heard = '';
  socket.on('data', chunk => {
    heard += chunk;
  });
  socket.write('POST /endpoints/rain/invocations-response-stream HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n');
  await eventually(t, 'the stream has begun', () => heard.includes('one '));
  const open = () => gateway.simulator.stats().regions[east]?.connections.open;
  t.equal(open(), 1);
  socket.destroy();
  await eventually(t, 'the upstream is closed', () => open() === 0);
  const [target] = gateway.app.parts.health.describeAll();
  t.match(target?.health, { breaker: 'closed', inFlight: 0 });
});

test('a substitute is one event to a caller who asked for a stream', async t => {
  const rain = simpleModel([east], { fallback: [{ static: { contentType: 'text/plain', body: 'sorry' } }] });
  const gateway = await startTestGateway(t, { health, models: { rain } }, { simulator });
  await gateway.simulator.faults.add({ region: east, kind: 'error' });
  t.same(await sdkStream(t, gateway.urls.data), { texts: ['sorry'], contentType: 'text/plain', error: undefined });
});
