import { connect } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { test } from 'tap';
import { encodeFrame } from '../../src/wire/event-stream.ts';
import { eventually } from '../helpers/eventually.ts';
import { simpleModel, startTestGateway } from '../helpers/gateway.ts';
import { startUpstream } from '../helpers/upstream.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes of buffers that somebody still holds. */
function held(): number {
  collect();
  return process.memoryUsage().arrayBuffers;
}

const frame = encodeFrame({ ':message-type': 'event', ':event-type': 'PayloadPart' }, Buffer.alloc(100_000, 1));
const frames = 1_000; // 100 MB

test('a stream of 100 MB to a slow reader holds little memory, and all of it arrives', async t => {
  let written = 0;
  const upstream = await startUpstream(t, response => {
    response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' });
    const write = () => {
      while (written < frames) {
        written += 1;
        if (!response.write(frame)) return;
      }
      response.end();
    };
    response.on('drain', write);
    write();
  });
  const regions = { 'us-east-1': { endpoints: { sagemakerRuntime: upstream.url } } };
  const gateway = await startTestGateway(t, { regions, models: { rain: simpleModel(['us-east-1']) } });
  const { hostname, port } = new URL(gateway.urls.data);
  const socket = connect(Number(port), hostname);
  t.teardown(() => socket.destroy());
  const before = held();
  let received = 0;
  let pauseAt = 5_000_000;
  socket.on('data', chunk => {
    received += chunk.length;
    if (received > pauseAt) socket.pause();
  });
  socket.write('POST /endpoints/rain/invocations-response-stream HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n');
  for (const next of [35_000_000, 65_000_000, Number.POSITIVE_INFINITY]) {
    await eventually(t, `${pauseAt} bytes have arrived`, () => received > pauseAt);
    let seen = -1;
    await eventually(t, 'the upstream has been told to wait', () => {
      const still = written === seen;
      seen = written;
      return still;
    });
    t.ok(written < frames, 'the rest is still with the upstream');
    await eventually(t, 'less than 20 MB more are held', () => held() - before < 20_000_000); // freed in the background
    pauseAt = next;
    socket.resume();
  }
  await eventually(t, 'all of it has arrived', () => received > frames * frame.length);
});

test('what waits for readers who take nothing is counted, so that many of them cannot use up the memory', async t => {
  const large = encodeFrame({ ':message-type': 'event', ':event-type': 'PayloadPart' }, Buffer.alloc(8_000_000, 1));
  const upstream = await startUpstream(t, response => {
    response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' });
    const write = () => {
      while (!response.destroyed && response.write(large));
    };
    response.on('drain', write);
    write();
  });
  const regions = { 'us-east-1': { endpoints: { sagemakerRuntime: upstream.url } } };
  const limits = { maxBufferedBytes: 30_000_000, drainMs: 0 };
  const gateway = await startTestGateway(t, { regions, limits, models: { rain: simpleModel(['us-east-1']) } });
  const { hostname, port } = new URL(gateway.urls.data);
  let most = 0;
  const { admission } = gateway.app.parts;
  const answers: string[] = [];
  for (let reader = 0; reader < 6; reader += 1) {
    const socket = connect(Number(port), hostname);
    t.teardown(() => socket.destroy());
    socket.once('data', chunk => {
      answers.push(chunk.toString('latin1', 9, 12));
      socket.pause();
    });
    socket.on('error', () => {});
    socket.write('POST /endpoints/rain/invocations-response-stream HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n');
    await eventually(t, `reader ${reader} is answered`, () => {
      most = Math.max(most, admission.heldBytes);
      return answers.length > reader;
    });
  }
  t.ok(answers.includes('503'), 'there is no room for all of them');
  t.ok(admission.heldBytes >= 8_000_000, `${admission.heldBytes} bytes are counted`);
  t.ok(most <= 30_000_000);
});

test('a reader who takes nothing is cut off and the upstream closed', async t => {
  const upstream = await startUpstream(t, response => {
    response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' });
    const write = () => {
      while (response.write(frame));
    };
    response.on('drain', write);
    write();
  });
  const regions = { 'us-east-1': { endpoints: { sagemakerRuntime: upstream.url } } };
  const limits = { bodyTimeoutMs: 300, drainMs: 0 };
  const gateway = await startTestGateway(t, { regions, limits, models: { rain: simpleModel(['us-east-1']) } });
  const { hostname, port } = new URL(gateway.urls.data);
  const socket = connect(Number(port), hostname);
  t.teardown(() => socket.destroy());
  socket.write('POST /endpoints/rain/invocations-response-stream HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n');
  await upstream.arrived(1);
  await upstream.openAtMost(0);
  const health = () => gateway.app.parts.health.describeAll()[0]?.health;
  await eventually(t, 'the call is over', () => health()?.inFlight === 0);
  t.equal(health()?.breaker, 'closed');
});
