import { connect } from 'node:net';
import { test } from 'tap';
import type { ModelContainer } from '../../sim/model-port.ts';
import { eventually } from '../helpers/eventually.ts';
import { simpleModel, startTestGateway } from '../helpers/gateway.ts';
import { echoContainers } from '../helpers/simulator.ts';

const strict: ModelContainer = {
  predict: () => ({ status: 422, contentType: 'text/plain', body: Buffer.from('wind must be a number') }),
};
const containers = { ...echoContainers, 'rain-v1': strict };

/** What comes back to these bytes until the connection is closed. */
function raw(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    socket.setEncoding('utf8').on('data', chunk => {
      answer += chunk;
    });
    socket.on('close', () => resolve(answer)).on('error', reject);
  });
}

test('a model’s refusal comes in the shape of the path it was called by', async t => {
  const gateway = await startTestGateway(t, { models: { rain: simpleModel() } }, { simulator: { containers } });
  const plain = await gateway.call('rain');
  t.equal(plain.status, 424);
  t.match(JSON.parse(plain.text), {
    error: {
      code: 'model-refused',
      message: /422/,
      requestId: plain.headers.get('x-meridian-request-id'),
      originalStatus: 422,
      originalMessage: 'wind must be a number',
    },
  });
  t.equal(plain.headers.get('x-amzn-errortype'), null);
  const aws = await fetch(`${gateway.urls.data}/endpoints/rain/invocations`, { method: 'POST', body: 'x' });
  t.equal(aws.headers.get('x-amzn-errortype'), 'ModelError');
  t.match(await aws.json(), { OriginalStatusCode: 422, OriginalMessage: 'wind must be a number' });
});

test('the wrong method is told the right one', async t => {
  const gateway = await startTestGateway(t, { models: { rain: simpleModel() } });
  const aws = await fetch(`${gateway.urls.data}/endpoints/rain/invocations?x=1`);
  t.same([aws.status, aws.headers.get('allow'), aws.headers.get('x-amzn-errortype')], [405, 'POST', 'ValidationError']);
  const plain = await fetch(`${gateway.urls.data}/v1/models/rain/invocations`, { method: 'PUT', body: 'x' });
  t.same([plain.status, ((await plain.json()) as { error: { code: string } }).error.code], [405, 'method-not-allowed']);
  t.equal((await fetch(`${gateway.urls.data}/endpoints/rain`)).status, 404);
});

test('what no route could read is answered in a body that both protocols read', async t => {
  const gateway = await startTestGateway(t, {
    limits: { bodyTimeoutMs: 300, drainMs: 0 },
    models: { rain: simpleModel() },
  });
  const post = 'POST /v1/models/rain/invocations HTTP/1.1\r\nHost: a\r\n';
  const cases = [
    [`${post}Content-Length: 10\r\n\r\nabc`, 408, 'body-timeout'],
    [`${post}X-Long: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'invalid-request'],
    ['NOT HTTP AT ALL\r\n\r\n', 400, 'invalid-request'],
    [`${post}Expect: tea\r\nContent-Length: 1\r\n\r\nx`, 417, 'invalid-request'],
  ] as const;
  for (const [bytes, status, code] of cases) {
    const answer = await raw(gateway.urls.data, bytes);
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    t.match(head, new RegExp(`^HTTP/1.1 ${status} [A-Z]`), code);
    t.match(head, /x-amzn-errortype: ValidationError/);
    const parsed = JSON.parse(body);
    t.same([parsed.error.code, parsed.error.message], [code, parsed.Message]);
  }
});

test('a call without a Host is told so, unless it is of HTTP/1.0', async t => {
  const gateway = await startTestGateway(t, { models: { rain: simpleModel() } });
  const call = (version: string) =>
    `POST /endpoints/rain/invocations HTTP/${version}\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx`;
  t.match(await raw(gateway.urls.data, call('1.1')), /^HTTP\/1.1 400 [\s\S]*ValidationError[\s\S]*Host header/);
  t.match(await raw(gateway.urls.data, call('1.0')), /^HTTP\/1.[01] 200 /);
});

test('bytes nobody can read do not take the place of the answer to the call before them', async t => {
  const gateway = await startTestGateway(t, { models: { rain: simpleModel() } });
  const call = (length: number) =>
    `POST /v1/models/rain/invocations HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\nx`;
  const statuses = async (bytes: string) =>
    [...(await raw(gateway.urls.data, bytes)).matchAll(/HTTP\/1.1 (\d{3})/g)].map(match => match[1]);
  t.same(await statuses(`${call(1)}NOT HTTP\r\n\r\n`), ['200', '400']);
  t.same(await statuses(`${call(1)}${call(1)}NOT HTTP\r\n\r\n`), ['200', '200', '400']);
  const chunked = 'POST /v1/models/rain/invocations HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n';
  t.same(await statuses(chunked), ['400'], 'in the call itself: its own answer');
  t.same(await statuses(`${call(1)}${chunked}`), ['200', '400'], 'and not that of the call before it');
  t.equal(gateway.app.parts.admission.heldBytes, 0);
});

test('a caller cut off for slowness is gone, however it goes on dripping, and its bytes are given back', async t => {
  const gateway = await startTestGateway(t, {
    limits: { bodyTimeoutMs: 300, drainMs: 0 },
    models: { rain: simpleModel() },
  });
  const { hostname, port } = new URL(gateway.urls.data);
  const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
  const dripping = setInterval(() => socket.write('x'), 20);
  t.teardown(() => {
    clearInterval(dripping);
    socket.destroy();
  });
  let answer = '';
  socket.on('error', () => {}).setEncoding('utf8');
  socket.on('data', chunk => {
    answer += chunk;
  });
  socket.write(
    `POST /v1/models/rain/invocations HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n${'x'.repeat(300_000)}`,
  );
  const { admission } = gateway.app.parts;
  await eventually(t, 'its bytes are held', () => admission.heldBytes >= 300_000);
  await eventually(t, 'it is told', () => answer.startsWith('HTTP/1.1 408 '));
  await eventually(t, 'its bytes are given back', () => admission.heldBytes === 0);
  await eventually(t, 'nothing is in flight', async () =>
    /^meridian_requests_in_flight 0$/m.test(await (await fetch(`${gateway.urls.admin}/metrics`)).text()),
  );
});
