import { once } from 'node:events';
import { connect as http2Connect } from 'node:http2';
import { connect } from 'node:net';
import { test } from 'tap';
import type { ModelContainer } from '../../sim/model-port.ts';
import { eventually } from '../helpers/eventually.ts';
import { simpleModel, startTestGateway, type TestGateway } from '../helpers/gateway.ts';
import { echoContainers } from '../helpers/simulator.ts';

const talkative: ModelContainer = {
  predict: () => ({ status: 200, contentType: 'text/plain', body: Buffer.alloc(20_000_000, 'x') }),
};

test('a caller that stops reading is cut off, and the memory of its answer given back', async t => {
  const gateway = await startTestGateway(
    t,
    { limits: { bodyTimeoutMs: 400, drainMs: 0 }, models: { rain: simpleModel(['us-east-1']) } },
    { simulator: { containers: { ...echoContainers, 'rain-v1': talkative } } },
  );
  const { hostname, port } = new URL(gateway.urls.data);
  const socket = connect(Number(port), hostname);
  t.teardown(() => socket.destroy());
  socket.pause().on('error', () => {});
  socket.write('POST /v1/models/rain/invocations HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx');
  const held = () => gateway.app.parts.admission.heldBytes;
  await eventually(t, 'its answer is held', () => held() >= 20_000_000);
  await eventually(t, 'given back', () => held() === 0);
  let received = 0;
  socket.on('data', chunk => {
    received += chunk.length;
  });
  await new Promise(resolve => socket.resume().once('close', resolve));
  t.ok(received < 20_000_000, `cut after ${received} bytes`);
});

const assistant = {
  versions: { v1: { targets: [{ kind: 'bedrock', region: 'us-east-1', modelId: 'us.demo.assistant-v1:0' }] } },
};
const asks = JSON.stringify({ messages: [{ role: 'user', content: [{ text: 'count to 5' }] }] });

/** Calls over one HTTP/2 connection that lets no byte of an answer through. */
function unread(gateway: TestGateway, paths: readonly string[]) {
  const session = http2Connect(gateway.urls.data, { settings: { initialWindowSize: 0 } });
  session.on('error', () => {});
  for (const path of paths) {
    const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/json' });
    stream.on('error', () => {}).end(asks);
  }
  return session;
}

const paths = ['/v1/models/rain/invocations', '/model/assistant/converse', '/model/assistant/converse-stream'];
const refused = '/v1/chat/completions'; // names no model: its body is held until that is told

test('over HTTP/2, answers that nobody takes are cut off, also those that were streamed and are over', async t => {
  const models = { rain: simpleModel(['us-east-1']), assistant };
  const gateway = await startTestGateway(t, { limits: { bodyTimeoutMs: 300, drainMs: 0 }, models });
  for (const path of [...paths, refused]) {
    const session = unread(gateway, [path, path]);
    t.teardown(() => session.destroy());
    const held = () => gateway.app.parts.admission.heldBytes;
    await eventually(t, `${path} is held`, () => held() > 0);
    await eventually(t, `${path} is given back`, () => held() === 0);
    t.notOk(session.closed, 'the connection stays');
  }
});

test('over HTTP/2, a caller who leaves takes every call along, whatever of its answers was still to come', async t => {
  const models = { rain: simpleModel(['us-east-1']), assistant };
  const gateway = await startTestGateway(t, { models });
  const held = () => gateway.app.parts.admission.heldBytes;
  const session = unread(gateway, [...paths, ...paths]);
  await eventually(t, 'all are answered', () => gateway.log.filter(({ status }) => status === 200).length === 6);
  t.ok(held() > 0);
  session.destroy();
  await eventually(t, 'given back', () => held() === 0);
});

test('over HTTP/2, an answer that nobody takes is cut off however busy its connection is', async t => {
  const gateway = await startTestGateway(
    t,
    {
      limits: { bodyTimeoutMs: 300, drainMs: 0 },
      models: { rain: simpleModel(['us-east-1']), assistant },
    },
    { simulator: { containers: { ...echoContainers, 'rain-v1': talkative } } },
  );
  const session = http2Connect(gateway.urls.data);
  t.teardown(() => session.destroy());
  session.on('error', () => {});
  await new Promise(resolve => session.once('connect', resolve));
  session.setLocalWindowSize(50_000_000); // of the connection: the streams' own stay at 64 kB
  const call = (path: string) => {
    const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/json' });
    stream.on('error', () => {}).end(asks);
    return stream;
  };
  const unread = call('/v1/models/rain/invocations').pause();
  const held = () => gateway.app.parts.admission.heldBytes;
  await eventually(t, 'its answer is held', () => held() >= 20_000_000);
  let answered = 0;
  let ended = false;
  unread.once('close', () => {
    ended = true;
  });
  while (!ended && answered < 5_000) {
    await call('/model/assistant/converse').toArray();
    answered += 1;
  }
  t.ok(ended, `cut off, while ${answered} other calls were answered`);
  t.ok(answered > 0);
  await eventually(t, 'given back', () => held() === 0);
});

test('over HTTP/2, a long answer arrives whole', async t => {
  const gateway = await startTestGateway(
    t,
    { models: { rain: simpleModel(['us-east-1']) } },
    { simulator: { containers: { ...echoContainers, 'rain-v1': talkative } } },
  );
  const session = http2Connect(gateway.urls.data);
  t.teardown(() => session.destroy());
  const stream = session.request({ ':method': 'POST', ':path': '/v1/models/rain/invocations' });
  stream.end('x');
  const [headers] = await once(stream, 'response');
  t.equal(headers['content-length'], '20000000');
  t.equal(Buffer.concat(await stream.toArray()).length, 20_000_000);
  await eventually(t, 'given back', () => gateway.app.parts.admission.heldBytes === 0);
});
