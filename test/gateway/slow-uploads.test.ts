import { once } from 'node:events';
import { connect as http2Connect } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { test } from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { simpleModel, startTestGateway, type TestGateway } from '../helpers/gateway.ts';
import { jobsConfig } from '../helpers/jobs.ts';
import { manualClock } from '../helpers/manual-clock.ts';

test('time spent on sending is not taken from the deadline: a slow upload is answered by the model', async t => {
  const rain = simpleModel(['us-east-1'], {
    deadlineMs: 500,
    slo: { latencyMs: 200 },
    fallback: [{ static: { body: 'static' } }],
  });
  const clock = manualClock(Date.now());
  const gateway = await startTestGateway(t, { models: { rain } }, { clock });
  const { hostname, port } = new URL(gateway.urls.data);
  const socket = connect(Number(port), hostname);
  t.teardown(() => socket.destroy());
  let answer = '';
  socket.on('data', chunk => {
    answer += chunk;
  });
  socket.write('POST /v1/models/rain/invocations HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nx');
  await eventually(t, 'the call is being read', () => gateway.app.parts.admission.heldBytes > 0);
  clock.advance(600);
  socket.write('x');
  await eventually(t, 'it is answered', () => answer.includes('\r\n\r\n'));
  t.match(answer, /^HTTP\/1.1 200/);
  t.match(answer, /x-meridian-fallback: none/);
  const own = Number(/gateway;dur=([\d.]+)/.exec(answer)?.[1]);
  t.equal(own, 0, 'nor is it the gateway’s own');
});

test('where jobs may take an hour to arrive, other calls still have to arrive in their time', async t => {
  const gateway = await startTestGateway(t, {
    limits: { bodyTimeoutMs: 200, drainMs: 0, shutdownMs: 2_000 },
    models: { rain: simpleModel(['us-east-1']) },
    jobs: jobsConfig(['us-east-1']),
  });
  const { hostname, port } = new URL(gateway.urls.data);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.on('data', chunk => {
    answer += chunk;
  });
  socket.write('POST /v1/models/rain/invocations HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nx');
  await once(socket, 'close');
  t.match(answer, /^HTTP\/1.1 408 .*"code":"body-timeout"/s);
});

const seen = ({ simulator }: TestGateway) =>
  Object.values(simulator.stats().regions).reduce((sum, { total }) => sum + total, 0);
test('a body that nobody reads does not keep its connection open longer, whoever sends it', async t => {
  const gateway = await startTestGateway(t, {
    limits: { bodyTimeoutMs: 200, drainMs: 0, shutdownMs: 2_000 },
    auth: { keys: [{ id: 'k', secret: 'a secret of some length', tenant: 'a' }] },
    models: { rain: simpleModel(['us-east-1']) },
    jobs: jobsConfig(['us-east-1']),
  });
  const { hostname, port } = new URL(gateway.urls.data);
  for (const [line, status] of [
    ['POST /v1/models/rain/invocations', 403],
    ['POST /nothing', 404],
    ['GET /livez', 200],
    ['POST /v1/notifications/sns', 408],
  ] as const) {
    const socket = connect(Number(port), hostname);
    let answer = '';
    socket.on('data', chunk => {
      answer += chunk;
    });
    socket.write(`${line} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nx`);
    await once(socket, 'close');
    t.match(answer, new RegExp(`^HTTP/1.1 ${status} `), line);
  }
});

test('nor does one keep its stream open over HTTP/2', async t => {
  const gateway = await startTestGateway(t, {
    limits: { bodyTimeoutMs: 200, drainMs: 0, shutdownMs: 2_000 },
    models: { rain: simpleModel(['us-east-1']) },
    jobs: jobsConfig(['us-east-1']),
  });
  const session = http2Connect(gateway.urls.data);
  t.teardown(() => session.destroy());
  const stream = session.request({ ':method': 'POST', ':path': '/nothing' });
  stream.write('x');
  stream.resume();
  await once(stream, 'close');
  t.equal(stream.rstCode, 0);
});

test('callers who spend the deadline on sending never hurt the targets', async t => {
  const rain = simpleModel(['us-east-1', 'us-west-2'], { deadlineMs: 2_000, slo: { latencyMs: 500 } });
  const clock = manualClock(Date.now());
  const gateway = await startTestGateway(t, { models: { rain } }, { simulator: { latencyScale: 10 }, clock });
  const { hostname, port } = new URL(gateway.urls.data);
  const session = 'X-Amzn-SageMaker-Session-Id: NEW_SESSION\r\n';
  const answers: string[] = [];
  const sockets: Socket[] = [];
  for (let caller = 0; caller < 12; caller += 1) {
    const socket = connect(Number(port), hostname);
    t.teardown(() => socket.destroy());
    const extra = caller % 2 === 0 ? '' : session;
    socket.write(`POST /v1/models/rain/invocations HTTP/1.1\r\nHost: a\r\n${extra}Content-Length: 2\r\n\r\nx`);
    socket.on('data', chunk => answers.push(String(chunk)));
    sockets.push(socket);
  }
  const reading = () => gateway.app.parts.admission.heldBytes;
  await eventually(t, 'all are being read', () => reading() >= sockets.length);
  clock.advance(1_750);
  for (const socket of sockets) socket.write('x');
  await eventually(t, 'all have reached a target', () => seen(gateway) >= sockets.length);
  clock.advance(300); // more than was left of a deadline that had begun with the first byte
  await eventually(t, 'all are answered', () => answers.filter(answer => answer.startsWith('HTTP/1.1')).length >= 12);
  t.same(
    gateway.app.parts.health.describeAll().map(({ health }) => health.breaker),
    ['closed', 'closed'],
  );
});
