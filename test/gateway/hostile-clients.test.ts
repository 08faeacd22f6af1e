import { connect } from 'node:net';
import { test } from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { simpleModel, startTestGateway } from '../helpers/gateway.ts';

/** Sends raw bytes and resolves to whatever came back until the server closed or `quietMs` went by. */
function raw(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise(resolve => {
    let answer = '';
    const socket = connect(Number(port), hostname, () => socket.write(text));
    socket.on('data', chunk => {
      answer += String(chunk);
    });
    socket.on('error', () => resolve(answer));
    socket.on('close', () => resolve(answer));
  });
}

const models = { rain: simpleModel(['us-east-1'], { maxRequestBytes: 1_000 }) };

test('header values beyond the wire limits are refused by name', async t => {
  const gateway = await startTestGateway(t, { models });
  const refused = {
    'x-amzn-sagemaker-target-model': [
      '../../etc/passwd',
      '/abs',
      'a//b',
      'a/../b',
      '..',
      './a',
      'a/.',
      '%2e%2e/a',
      'a b',
    ],
    'x-amzn-sagemaker-target-variant': ['-a', 'a_b', 'a'.repeat(64)],
    'x-amzn-sagemaker-inference-component': ['a/b'],
    'x-amzn-sagemaker-inference-id': ['a'.repeat(65)],
    'x-amzn-sagemaker-session-id': ['a b', '../x'],
    'x-meridian-timeout-ms': ['0', '-1', '1e9', 'soon', '9999999999'],
    'x-meridian-region': ['Mars', '!'],
    'x-meridian-residency': ['EU', 'a b'],
    'x-meridian-prefer': ['speed'],
    'x-meridian-fallback': ['maybe'],
    'cache-control': ['max-stale=abc', 'max-stale=', 'no-cache, max-stale=-1', 'max-stale="60', 'max-stale=1.5'],
  };
  for (const [header, values] of Object.entries(refused)) {
    for (const value of values) {
      const answer = await gateway.call('rain', { headers: { [header]: value } });
      t.equal(answer.status, 400, `${header}: ${value}`);
      t.match(JSON.parse(answer.text).error.message, header);
    }
  }
  t.equal(gateway.simulator.stats().regions['us-east-1']?.total ?? 0, 0, 'nothing went upstream');
});

test('paths that try to climb, split or overflow find nothing', async t => {
  const gateway = await startTestGateway(t, { models });
  for (const path of [
    '/endpoints/..%2f..%2fadmin/invocations',
    '/endpoints/%00/invocations',
    '/endpoints/__proto__/invocations',
    '/endpoints/constructor/invocations',
    '/v1/models/rain%2f..%2fsnow/invocations',
    `/endpoints/${'a'.repeat(3000)}/invocations`,
    '/endpoints/%zz/invocations',
    '/admin/config',
    '/metrics',
  ]) {
    const answer = await fetch(gateway.urls.data + path, { method: 'POST', body: 'x' });
    t.ok([400, 404, 414].includes(answer.status), `${path} → ${answer.status}`);
    t.notMatch(await answer.text(), /node_modules|\.ts:|FST_ERR|a{13}/, 'no stack, no framework, no echo');
    if (path.startsWith('/endpoints/')) t.ok(answer.headers.get('x-amzn-errortype'), 'in the caller’s protocol');
  }
});

test('request smuggling shapes are refused and the connection is closed', async t => {
  const gateway = await startTestGateway(t, { models });
  const head = 'POST /v1/models/rain/invocations HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n';
  for (const [name, text] of Object.entries({
    'both lengths': `${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: a\r\n\r\n`,
    'two lengths': `${head}Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde`,
    'bare line feeds': `${head.replaceAll('\r\n', '\n')}Content-Length: 1\n\nx`,
    'obsolete folding': `${head}X-A: b\r\n c: d\r\nContent-Length: 1\r\n\r\nx`,
  })) {
    t.match(await raw(gateway.urls.data, text), /^HTTP\/1\.1 400 /, name);
  }
});

test('bodies too large are refused before or while they arrive', async t => {
  const gateway = await startTestGateway(t, { models });
  t.equal((await gateway.call('rain', { body: 'x'.repeat(1_001) })).status, 413, 'announced');
  const chunked = new ReadableStream({
    start(controller) {
      for (let part = 0; part < 11; part += 1) controller.enqueue(new Uint8Array(100).fill(120));
      controller.close();
    },
  });
  const init: RequestInit & { duplex: 'half' } = {
    method: 'POST',
    body: chunked,
    duplex: 'half',
    headers: { 'content-type': 'text/plain' },
  };
  const streamed = await fetch(`${gateway.urls.data}/v1/models/rain/invocations`, init).catch(() => undefined);
  t.ok(streamed === undefined || streamed.status === 413, 'unannounced');
  t.equal((await gateway.call('rain', { body: 'x'.repeat(1_000) })).status, 200, 'just fits');
});

test('bytes held are bounded: past the limit 503 with retry-after, and all is given back', async t => {
  const mebibyte = 1_048_576;
  const gateway = await startTestGateway(
    t,
    {
      limits: { maxBufferedBytes: 4 * mebibyte, drainMs: 0 },
      models: { rain: simpleModel(['us-east-1'], { maxRequestBytes: mebibyte, maxResponseBytes: mebibyte }) },
    },
    { simulator: { latencyScale: 1 } },
  );
  const body = new Uint8Array(mebibyte).fill(97);
  const answers = await Promise.all(Array.from({ length: 12 }, () => gateway.call('rain', { body })));
  const refused = answers.filter(answer => answer.status === 503);
  t.ok(refused.length > 0 && refused.length < 12, `${refused.length} of 12 refused`);
  t.ok(
    refused.every(
      answer => answer.headers.get('retry-after') !== null && JSON.parse(answer.text).error.code === 'buffers-full',
    ),
  );
  await eventually(t, 'all bytes are given back', async () => {
    return /^meridian_buffered_bytes 0$/m.test(await (await fetch(`${gateway.urls.admin}/metrics`)).text());
  });
});

test('a request that never ends is cut off', async t => {
  const gateway = await startTestGateway(t, { limits: { bodyTimeoutMs: 300, drainMs: 0 }, models });
  const answer = await raw(
    gateway.urls.data,
    'POST /v1/models/rain/invocations HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc',
  );
  t.match(answer, /^HTTP\/1\.1 408 /);
});

test('labels come from the config only', async t => {
  const gateway = await startTestGateway(t, { models });
  for (let name = 0; name < 20; name += 1) await gateway.call(`made-up-${name}`);
  const metrics = await (await fetch(`${gateway.urls.admin}/metrics`)).text();
  t.notMatch(metrics, 'made-up');
  t.match(metrics, /meridian_requests_total\{model="unknown".*\} 20/);
});

test('a request that names two hosts is refused on both listeners, whichever comes first', async t => {
  const gateway = await startTestGateway(t, { models });
  const ask = (url: string, line: string, hosts: readonly string[]) =>
    raw(
      url,
      `${line} HTTP/1.1\r\n${hosts.map(host => `Host: ${host}\r\n`).join('')}content-length: 0\r\nconnection: close\r\n\r\n`,
    );
  for (const hosts of [
    ['127.0.0.1', 'evil.example'],
    ['127.0.0.1', '127.0.0.1'],
  ]) {
    const called = await ask(gateway.urls.data, 'POST /v1/models/rain/invocations', hosts);
    t.match(called, /^HTTP\/1.1 400 [\s\S]*There are several Host headers/);
    const administered = await ask(gateway.urls.admin, 'GET /admin/config', hosts);
    t.match(administered, /^HTTP\/1.1 400 [\s\S]*There are several Host headers/);
  }
  t.match(await ask(gateway.urls.admin, 'GET /admin/config', ['127.0.0.1']), /^HTTP\/1.1 200 /);
});
