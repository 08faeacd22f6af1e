import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import OpenAI from 'openai';
import { type Test, test } from 'tap';
import type { ModelContainer } from '../../sim/model-port.ts';
import { eventually } from '../helpers/eventually.ts';
import { startTestGateway, type TestGateway } from '../helpers/gateway.ts';
import { echoContainers } from '../helpers/simulator.ts';

interface Seen {
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

type Json = Record<string, unknown>;

/** A server of OpenAI's protocol: answers `said`, or as `behave` does instead. */
async function startChatServer(t: Test, behave?: (response: ServerResponse, asked: Json) => boolean) {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    seen.push({ path: request.url, headers: request.headers, body });
    const asked = body.startsWith('{') ? (JSON.parse(body) as Json) : {};
    if (behave?.(response, asked)) return;
    if (request.url === '/predict') return void response.setHeader('content-type', 'text/plain').end(`got ${body}`);
    if (request.url === '/v1/embeddings') return void response.end(JSON.stringify(vectors));
    if (asked['stream'] !== true) return void response.end(JSON.stringify(whole));
    response.setHeader('content-type', 'text/event-stream');
    for (const chunk of chunks) response.write(`data: ${JSON.stringify(chunk)}\r\n\r\n`);
    response.end('data: [DONE]\n\n');
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return { seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const usage = { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9, prompt_tokens_details: { cached_tokens: 4 } };
const whole = {
  id: 'x',
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: 'from elsewhere' }, finish_reason: 'stop' }],
  usage,
};
const part = (delta: Json, finish: string | null = null) => ({ choices: [{ index: 0, delta, finish_reason: finish }] });
const chunks = [
  part({ role: 'assistant', content: '' }),
  part({ content: 'from ' }),
  part({ content: 'elsewhere' }),
  part({}, 'stop'),
  { choices: [], usage },
];
const vectors = {
  object: 'list',
  data: [{ object: 'embedding', index: 0, embedding: [1, 2] }],
  usage: { prompt_tokens: 3, total_tokens: 3 },
};

const modelId = 'us.demo.assistant-v1:0';
const regionsFor = (gateway: Json) => ({ 'x-onprem': { residency: 'us' }, ...gateway });

/** A model at Bedrock first, then at this server. */
async function startGateway(t: Test, url: string, more: Json = {}): Promise<TestGateway> {
  const targets = [
    { kind: 'bedrock', region: 'us-west-2', modelId },
    {
      kind: 'http',
      region: 'x-onprem',
      url: `${url}/v1/`,
      modelId: 'llama',
      auth: { value: 'Bearer s3cret' },
      price: { inputUsdPerMillion: 1, outputUsdPerMillion: 1 },
      ...more,
    },
  ];
  const routing = { policy: 'ordered', warmShare: 0 };
  return startTestGateway(
    t,
    { models: { assistant: { versions: { v1: { targets } }, routing } } },
    { places: regionsFor({}) },
  );
}

const client = (gateway: TestGateway) =>
  new OpenAI({ baseURL: `${gateway.urls.data}/v1`, apiKey: 'callers-own', maxRetries: 0 });
const ask = { model: 'assistant', messages: [{ role: 'user' as const, content: 'hi' }] };

test('when AWS is gone, another server answers, whole and streamed', async t => {
  const server = await startChatServer(t);
  const gateway = await startGateway(t, server.url);
  const openai = client(gateway);
  t.equal((await openai.chat.completions.create(ask)).choices[0]?.message.content, 'You said: hi');
  await gateway.simulator.faults.add({ region: 'us-west-2', kind: 'refuse' });
  const { data, response } = await openai.chat.completions.create(ask).withResponse();
  t.equal(data.choices[0]?.message.content, 'from elsewhere');
  t.match(response.headers.get('x-meridian-attempts'), /^v1@us-west-2\/bedrock:\S+,v1@x-onprem\/http:ok$/);
  t.match(server.seen[0], { path: '/v1/chat/completions', headers: { authorization: 'Bearer s3cret' } });
  t.match(JSON.parse(server.seen[0]?.body ?? ''), { model: 'llama', messages: ask.messages });
  t.notMatch(JSON.stringify(server.seen), /callers-own/, 'the caller’s key stays here');
  const stream = await openai.chat.completions.create({ ...ask, stream: true });
  let text = '';
  let counted = 0;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? '';
    counted += chunk.usage === undefined || chunk.usage === null ? 0 : 1;
  }
  t.equal(text, 'from elsewhere');
  t.equal(counted, 0, 'the counts were not asked for');
  t.match(JSON.parse(server.seen.at(-1)?.body ?? ''), { stream_options: { include_usage: true } });
  const page = await (await fetch(`${gateway.urls.admin}/metrics`)).text();
  const sum = (kind: string) =>
    Number(new RegExp(`meridian_tokens_total\\{.*http",kind="${kind}"\\} (\\d+)`).exec(page)?.[1]);
  t.same([sum('input'), sum('output'), sum('cache-read')], [6, 4, 8], 'counted for both');
  const config = await (await fetch(`${gateway.urls.admin}/admin/config`)).text();
  t.notMatch(config, /s3cret/);
});

test('embeddings, and bytes posted to one URL', async t => {
  const server = await startChatServer(t);
  const gateway = await startGateway(t, server.url);
  await gateway.simulator.faults.add({ region: 'us-west-2', kind: 'refuse' });
  const found = await client(gateway).embeddings.create({ model: 'assistant', input: 'x', encoding_format: 'float' });
  t.same(found.data[0]?.embedding, [1, 2]);
  const plain = await startGateway(t, server.url, {
    url: `${server.url}/predict`,
    api: 'invocations',
    modelId: undefined,
  });
  await plain.simulator.faults.add({ region: 'us-west-2', kind: 'refuse' });
  const called = await plain.call('assistant', { body: 'some bytes' });
  t.match([called.status, called.text], [200, 'got some bytes']);
  t.equal(server.seen.at(-1)?.headers['content-type'], 'text/plain');
});

test('whose fault a refusal is', async t => {
  const cases: readonly (readonly [number, string, number])[] = [
    [429, 'throttled', 503],
    [500, 'backend-fault', 503],
    [401, 'misconfigured', 503],
    [404, 'misconfigured', 503],
    [504, 'timeout', 503],
    [400, 'caller-fault', 400],
    [422, 'caller-fault', 422],
  ];
  for (const [status, outcome, told] of cases) {
    const server = await startChatServer(t, response => {
      response.writeHead(status, { 'retry-after': '2' }).end('{"error":{"message":"too hot","param":"temperature"}}');
      return true;
    });
    const gateway = await startGateway(t, server.url);
    const response = await fetch(`${gateway.urls.data}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'x-meridian-region': 'x-onprem' },
      body: JSON.stringify(ask),
    });
    t.equal(response.status, told, String(status));
    t.equal(response.headers.get('x-meridian-attempts'), `v1@x-onprem/http:${outcome}`);
    const { error } = (await response.json()) as { error: { message: string; param: string | null } };
    if (outcome === 'caller-fault') t.match(error, { message: 'too hot', param: 'temperature' });
    else t.notMatch(error.message, /too hot/);
  }
});

test('a stream without [DONE], with an error in it, or that is no JSON, is never whole', async t => {
  const endings = ['', 'data: {"error":{"message":"out of memory"}}\n\n', 'data: {"cho\n\n'];
  for (const ending of endings) {
    const server = await startChatServer(t, response => {
      response.write(`data: ${JSON.stringify(part({ content: 'half' }))}\n\n`);
      setImmediate(() => response.end(ending));
      return true;
    });
    const gateway = await startGateway(t, server.url);
    await gateway.simulator.faults.add({ region: 'us-west-2', kind: 'refuse' });
    const response = await fetch(`${gateway.urls.data}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ ...ask, stream: true }),
    });
    const text = await response.text();
    t.notMatch(text, /\[DONE\]/, ending);
  }
});

test('an error within a stream is whose its code says, as if it had come as the status', async t => {
  const cases = [
    [{ message: 'too long', code: 400 }, 400, 'caller-fault'],
    [{ message: 'too long', http_status_code: 422 }, 422, 'caller-fault'],
    [{ message: 'queue full', code: 429 }, 503, 'throttled'],
    [{ message: 'out of memory', code: 'oom' }, 503, 'backend-fault'],
  ] as const;
  for (const [error, told, outcome] of cases) {
    const server = await startChatServer(t, response => {
      response.end(`data: ${JSON.stringify({ error })}\n\ndata: [DONE]\n\n`);
      return true;
    });
    const gateway = await startGateway(t, server.url);
    const response = await fetch(`${gateway.urls.data}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'x-meridian-region': 'x-onprem' },
      body: JSON.stringify({ ...ask, stream: true }),
    });
    t.equal(response.status, told, error.message);
    t.equal(response.headers.get('x-meridian-attempts'), `v1@x-onprem/http:${outcome}`);
    const body = (await response.json()) as { error: { message: string } };
    t.equal(body.error.message === error.message, outcome === 'caller-fault');
  }
});

test('a SageMaker container that speaks OpenAI’s protocol', async t => {
  const sse = [...chunks.map(chunk => `data: ${JSON.stringify(chunk)}\n\n`), 'data: [DONE]\n\n'].join('');
  const seen: string[] = [];
  const container: ModelContainer = {
    predict: ({ body }) => {
      seen.push(body.toString());
      const { stream } = JSON.parse(body.toString()) as Json;
      const text = stream === true ? sse : JSON.stringify(whole);
      const pieces = text.match(/.{1,7}/gs) ?? [];
      return {
        status: 200,
        contentType: 'application/json',
        body: Buffer.from(text),
        chunks: pieces.map(piece => Buffer.from(piece)),
      };
    },
  };
  const gateway = await startTestGateway(
    t,
    {
      models: {
        assistant: {
          aliases: ['gpt'],
          versions: { v1: { targets: [{ region: 'us-west-2', endpoint: 'vllm', api: 'openai' }] } },
        },
        named: {
          versions: { v1: { targets: [{ region: 'us-west-2', endpoint: 'vllm', api: 'openai', modelId: 'llama' }] } },
        },
      },
    },
    {
      simulator: {
        containers: { ...echoContainers, vllm: container },
        endpoints: [{ kind: 'real-time', name: 'vllm', container: 'vllm' }],
      },
    },
  );
  const openai = client(gateway);
  t.equal((await openai.chat.completions.create(ask)).choices[0]?.message.content, 'from elsewhere');
  const stream = await openai.chat.completions.create({
    ...ask,
    stream: true,
    stream_options: { include_usage: true },
  });
  let text = '';
  let total = 0;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? '';
    total += chunk.usage?.total_tokens ?? 0;
  }
  t.same([text, total], ['from elsewhere', 9]);
  t.equal(seen.length, 2);
  for (const model of ['gpt', 'named']) await openai.chat.completions.create({ ...ask, model });
  t.same(
    seen.map(body => (JSON.parse(body) as Json)['model']),
    ['assistant', 'assistant', 'assistant', 'llama'],
    'containers that check it are told what they call the model',
  );
});

test('what a server calls its model does not say where it is', async t => {
  const server = await startChatServer(t);
  const gateway = await startGateway(t, server.url, { modelId: 'eu.llama' });
  const response = await fetch(`${gateway.urls.data}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'x-meridian-residency': 'eu' },
    body: JSON.stringify(ask),
  });
  t.not(response.status, 200);
  t.same(server.seen, [], 'it is in the US, as its region says');
});

test('a sample goes only to targets that take bytes', async t => {
  const server = await startChatServer(t, response => {
    response.writeHead(500).end();
    return true;
  });
  const target = { kind: 'http', region: 'us-east-1', url: `${server.url}/v1` };
  const health = { probeIntervalMs: 100, baseEjectionMs: 100, ejectionJitter: 0 };
  const sample = { body: '{}' };
  const gateway = await startTestGateway(t, {
    health,
    models: { assistant: { sample, versions: { v1: { targets: [target] } } } },
  });
  const chat = () => fetch(`${gateway.urls.data}/v1/chat/completions`, { method: 'POST', body: JSON.stringify(ask) });
  for (let call = 0; call < 6; call += 1) await chat();
  const state = () => gateway.app.parts.health.describeAll()[0]?.health;
  t.equal(state()?.breaker, 'open');
  await eventually(t, 'a caller may try it', () => {
    const now = state()?.availability;
    return now?.usable === true && now.trial;
  });
  t.ok(
    server.seen.every(({ body }) => body.includes('messages')),
    'nothing but calls of callers was sent',
  );
});
