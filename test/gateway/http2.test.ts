import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { type Test, test } from 'tap';
import type { ModelContainer } from '../../sim/model-port.ts';
import { eventually } from '../helpers/eventually.ts';
import { startTestGateway, type TestGateway, targetsIn } from '../helpers/gateway.ts';
import { asyncModel, jobsClient, jobsConfig } from '../helpers/jobs.ts';
import { echoContainers } from '../helpers/simulator.ts';

const modelId = 'us.demo.assistant-v1:0';
const models = {
  assistant: { versions: { v1: { targets: [{ kind: 'bedrock', region: 'us-west-2', modelId }] } } },
  rain: { versions: { v1: { targets: targetsIn(['us-west-2']) } }, maxRequestBytes: 1_000 },
};
const prompt = (upTo: number) =>
  JSON.stringify({ messages: [{ role: 'user', content: [{ text: `count to ${upTo}` }] }] });

function session(t: Test, gateway: TestGateway): ClientHttp2Session {
  const made = connect(gateway.urls.data);
  made.on('error', () => {});
  t.teardown(() => made.destroy());
  return made;
}

interface Answered {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function post(client: ClientHttp2Session, path: string, body: string, headers: Record<string, string> = {}) {
  const stream = client.request({ ':method': 'POST', ':path': path, ...headers });
  stream.end(body);
  return new Promise<Answered>((resolve, reject) => {
    stream.on('error', reject);
    stream.on('response', async head => {
      const chunks = await stream.toArray().catch(reject);
      resolve({ headers: head, body: Buffer.concat(chunks ?? []).toString() });
    });
  });
}

test('every path is served over HTTP/2, many calls at once on one connection', async t => {
  const gateway = await startTestGateway(t, { models });
  const client = session(t, gateway);
  const calls = Array.from({ length: 50 }, (_, at) => post(client, '/v1/models/rain/invocations', `call ${at}`));
  const answers = await Promise.all(calls);
  t.same(
    answers.map(({ body }) => body),
    Array.from({ length: 50 }, (_, at) => `call ${at}`),
  );
  const [one] = answers;
  t.equal(one?.headers[':status'], 200);
  t.match(one?.headers['x-meridian-target'], 'v1@us-west-2/realtime');
  t.notOk('connection' in (one?.headers ?? {}));
  t.match((await post(client, '/endpoints/rain/invocations', 'x')).body, 'x');
  const refused = await post(client, '/v1/models/rain/invocations', 'x'.repeat(1_001));
  t.equal(refused.headers[':status'], 413);
  t.match(JSON.parse(refused.body), { error: { code: 'too-large' } });
  t.equal((await post(client, '/nowhere', '')).headers[':status'], 404);
});

test('a caller who leaves a stream closes its upstream at once, and nothing stays held', async t => {
  const gateway = await startTestGateway(t, { models }, { simulator: { latencyScale: 1 } });
  const client = session(t, gateway);
  const stream = client.request({ ':method': 'POST', ':path': '/model/assistant/converse-stream' });
  stream.end(prompt(100_000));
  await new Promise(resolve => stream.once('data', resolve));
  stream.close(constants.NGHTTP2_CANCEL);
  await eventually(t, 'told as cancelled', () =>
    gateway.log.some(line => line['outcome'] === 'cancelled' || line['error'] === 'client-closed'),
  );
  await eventually(t, 'upstream closed', () => gateway.simulator.stats().regions['us-west-2']?.inFlight === 0);
  t.equal(gateway.app.parts.admission.heldBytes, 0);
  const { body } = await post(client, '/v1/models/rain/invocations', 'still here');
  t.equal(body, 'still here');
});

test('a body that does not come is not waited for', async t => {
  const gateway = await startTestGateway(t, { models, limits: { bodyTimeoutMs: 200, drainMs: 0, shutdownMs: 2_000 } });
  const stream = session(t, gateway).request({ ':method': 'POST', ':path': '/v1/models/rain/invocations' });
  stream.on('error', () => {});
  stream.write('half');
  await new Promise(resolve => stream.once('close', resolve));
  t.equal(stream.rstCode, constants.NGHTTP2_CANCEL);
  t.equal(gateway.app.parts.admission.heldBytes, 0);
});

test('a connection that says nothing, or only the beginning of a preface, is told so and closed', async t => {
  const gateway = await startTestGateway(t, { models, limits: { bodyTimeoutMs: 200, drainMs: 0, shutdownMs: 2_000 } });
  const { port } = new URL(gateway.urls.data);
  for (const bytes of ['', 'PRI * HT']) {
    const socket = connectTcp(Number(port), '127.0.0.1');
    if (bytes !== '') socket.write(bytes);
    const told = Buffer.concat(await socket.toArray()).toString();
    t.match(told, /^HTTP\/1\.1 408 /, bytes);
  }
  const split = connectTcp(Number(port), '127.0.0.1');
  split.setNoDelay(true);
  for (const piece of [
    'P',
    'OST /v1/models/rain/invo',
    'cations HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi',
  ]) {
    split.write(piece);
    await new Promise(setImmediate);
  }
  t.match(Buffer.concat(await split.toArray()).toString(), /^HTTP\/1\.1 200 .*\r\n\r\nhi$/s);
});

test('a shutdown lets calls over HTTP/2 finish and waits for no idle connection', async t => {
  const gateway = await startTestGateway(t, { models }, { simulator: { latencyScale: 1 } });
  const client = session(t, gateway);
  const idle = session(t, gateway);
  await new Promise(resolve => idle.once('connect', resolve));
  const call = post(client, '/model/assistant/converse-stream', prompt(20));
  await eventually(t, 'under way', () => gateway.simulator.stats().regions['us-west-2']?.inFlight === 1);
  const [{ body }] = await Promise.all([call, gateway.app.shutdown()]);
  t.match(body, /messageStop/);
});

test('a job goes in and its result comes out over HTTP/2', async t => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  process.on('warning', onWarning);
  t.teardown(() => process.off('warning', onWarning));
  const jobs = jobsConfig(undefined, { maxInputBytes: 1_000 });
  const gateway = await startTestGateway(t, { jobs, models: { rain: asyncModel() } });
  const client = session(t, gateway);
  const made = await post(client, '/v1/models/rain/jobs', 'a payload');
  t.equal(made.headers[':status'], 202);
  const { id } = JSON.parse(made.body) as { id: string };
  await jobsClient(gateway).until(t, id, 'completed');
  const stream = client.request({ ':path': `/v1/jobs/${id}/result` });
  t.equal(Buffer.concat(await stream.toArray()).toString(), 'a payload');
  const large = await post(client, '/v1/models/rain/jobs', 'x'.repeat(1_001));
  t.equal(large.headers[':status'], 413);
  t.same(warnings, [], 'nothing is said that HTTP/2 forbids');
});

test('bodies that a lost connection cuts off are nobody’s calls, and nothing of them stays held', async t => {
  const whole = Buffer.alloc(100_000, 1); // more than a window takes
  const lengths: number[] = [];
  const container: ModelContainer = {
    predict: ({ body }) => {
      lengths.push(body.length);
      return { status: 200, contentType: 'text/plain', body };
    },
  };
  const regions = ['us-west-2', 'us-east-1'];
  const gateway = await startTestGateway(
    t,
    {
      jobs: jobsConfig(regions, { maxInputBytes: 1_000_000 }),
      models: { now: { versions: { v1: { targets: targetsIn(regions) } } }, rain: asyncModel(regions) },
    },
    { simulator: { containers: { ...echoContainers, 'rain-v1': container, 'rain-batch': container } } },
  );
  for (const path of ['/v1/models/now/invocations', '/v1/models/rain/jobs']) {
    for (let round = 0; round < 12; round += 1) {
      const made = session(t, gateway);
      const streams = Array.from({ length: 15 }, () => made.request({ ':method': 'POST', ':path': path }));
      for (const stream of streams) stream.on('error', () => {}).end(whole);
      // All comes at once, and the end of the connection with it, before a handler has asked for the first byte.
      await new Promise(resolve => made.once('connect', resolve));
      for (let turn = 0; turn < round; turn += 1) await new Promise(setImmediate);
      made.destroy();
      await new Promise(resolve => made.once('close', resolve));
    }
    await eventually(t, `${path}: nothing is held`, () => gateway.app.parts.admission.heldBytes === 0);
  }
  const { id } = await jobsClient(gateway).create('a payload');
  await jobsClient(gateway).until(t, id, 'completed');
  const cut = lengths.filter(length => length !== whole.length && length !== 'a payload'.length);
  t.same(cut, [], 'no model was asked with a part of one');
});
