import { connect } from 'node:net';
import { test } from 'tap';
import type { ModelContainer } from '../../sim/model-port.ts';
import { eventually } from '../helpers/eventually.ts';
import { simpleModel, startTestGateway } from '../helpers/gateway.ts';
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
