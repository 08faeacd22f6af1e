import { createHash } from 'node:crypto';
import OpenAI from 'openai';
import { test } from 'tap';
import { encodeFrame } from '../../src/wire/event-stream.ts';
import { startTestGateway, type TestGateway, targetsIn } from '../helpers/gateway.ts';
import { startUpstream } from '../helpers/upstream.ts';

const modelId = 'us.demo.assistant-v1:0';
const models = {
  assistant: {
    versions: { v1: { targets: ['us-west-2', 'us-east-1'].map(region => ({ kind: 'bedrock', region, modelId })) } },
    routing: { policy: 'ordered', warmShare: 0 },
  },
  embedding: {
    versions: { v1: { targets: [{ kind: 'bedrock', region: 'us-west-2', modelId: 'amazon.titan-embed-text-v2:0' }] } },
  },
  rain: { versions: { v1: { targets: targetsIn(['us-east-1']) } } },
};

function client(gateway: TestGateway, apiKey = 'any'): OpenAI {
  return new OpenAI({ baseURL: `${gateway.urls.data}/v1`, apiKey, maxRetries: 0 });
}

/** What the client raises. */
function failure(status: number, more: { param?: string; message?: RegExp } = {}) {
  return { status, ...more } as unknown as Error;
}

const ask = (content: string) => ({ model: 'assistant', messages: [{ role: 'user' as const, content }] });
const weather = {
  type: 'function' as const,
  function: {
    name: 'weather',
    description: 'tells the weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  },
};

test('a chat completion, whole', async t => {
  const openai = client(await startTestGateway(t, { models }));
  const { data, response } = await openai.chat.completions
    .create({ ...ask('count to 3'), max_tokens: 2, temperature: 0.5, stop: ['9'], user: 'someone' })
    .withResponse();
  t.match(data, {
    object: 'chat.completion',
    model: 'assistant',
    choices: [{ index: 0, message: { role: 'assistant', content: '1 2' }, finish_reason: 'length' }],
    usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
  });
  t.match(data.id, /^chatcmpl-/);
  t.equal(response.headers.get('x-meridian-target'), 'v1@us-west-2/bedrock');
});

test('a chat completion, streamed, with its counts', async t => {
  const openai = client(await startTestGateway(t, { models }));
  const stream = await openai.chat.completions.create({
    ...ask('count to 30'),
    stream: true,
    stream_options: { include_usage: true },
  });
  let text = '';
  const finishes: (string | null | undefined)[] = [];
  let usage: OpenAI.CompletionUsage | null | undefined;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? '';
    if (chunk.choices[0]?.finish_reason) finishes.push(chunk.choices[0].finish_reason);
    usage = chunk.usage;
  }
  t.equal(text, Array.from({ length: 30 }, (_, at) => at + 1).join(' '));
  t.same(finishes, ['stop']);
  t.match(usage, { prompt_tokens: 3, completion_tokens: 30, total_tokens: 33 });
});

test('tools: called, answered, streamed', async t => {
  const openai = client(await startTestGateway(t, { models }));
  const first = await openai.chat.completions.create({ ...ask('Rain in Seattle?'), tools: [weather] });
  const message = first.choices[0]?.message;
  t.equal(first.choices[0]?.finish_reason, 'tool_calls');
  const call = message?.tool_calls?.[0];
  t.match(call, { type: 'function', function: { name: 'weather', arguments: '{"city":"Rain in Seattle?"}' } });
  const second = await openai.chat.completions.create({
    model: 'assistant',
    tools: [weather],
    messages: [
      { role: 'system', content: 'be brief' },
      { role: 'user', content: 'Rain in Seattle?' },
      ...(message ? [message] : []),
      { role: 'tool', tool_call_id: call?.id ?? '', content: 'yes' },
    ],
  });
  t.equal(second.choices[0]?.message.content, 'The tool answered: yes');
  const runner = openai.chat.completions.stream({ ...ask('Rain in Oslo?'), tools: [weather], tool_choice: 'required' });
  const streamed = await runner.finalChatCompletion();
  t.match(streamed.choices[0]?.message.tool_calls?.[0], { function: { arguments: '{"city":"Rain in Oslo?"}' } });
});

test('embeddings, as numbers and as base64, in the order asked', async t => {
  const openai = client(await startTestGateway(t, { models }));
  const one = await openai.embeddings.create({
    model: 'embedding',
    input: 'rain',
    dimensions: 256,
    encoding_format: 'float',
  });
  t.equal(one.data[0]?.embedding.length, 256);
  t.same(one.usage, { prompt_tokens: 1, total_tokens: 1 });
  const three = await openai.embeddings.create({ model: 'embedding', input: ['sun', 'rain', 'snow'], dimensions: 256 });
  t.same(
    three.data.map(({ index }) => index),
    [0, 1, 2],
  );
  const near = three.data[1]?.embedding.every(
    (value, at) => Math.abs(value - (one.data[0]?.embedding[at] ?? 9)) < 1e-6,
  );
  t.ok(near, 'the client reads base64 unless told otherwise');
  t.equal(three.usage.prompt_tokens, 3);
});

test('the list of models is the caller’s own', async t => {
  const auth = {
    keys: [
      {
        id: 'k',
        sha256: '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae',
        tenant: 'acme',
        models: ['rain'],
      },
    ],
  };
  const gateway = await startTestGateway(t, { models, auth });
  const openai = client(gateway, 'foo');
  t.same(
    (await openai.models.list()).data.map(({ id }) => id),
    ['rain'],
  );
  t.match(await openai.models.retrieve('rain'), { id: 'rain', object: 'model' });
  await t.rejects(openai.models.retrieve('assistant'), failure(404));
  await t.rejects(openai.chat.completions.create({ ...ask('hi'), model: 'nobody' }), failure(403));
  await t.rejects(client(gateway, 'bar').models.list(), failure(401));
  await t.rejects(openai.chat.completions.create(ask('hi')), failure(403, { message: /may not call/ }));
  await t.rejects(openai.chat.completions.create({ ...ask('hi'), model: 'rain' }), failure(400, { message: /chat/ }));
});

test('what cannot be translated is refused by its field’s name, and hurts nobody', async t => {
  const gateway = await startTestGateway(t, { models });
  const openai = client(gateway);
  const refused = (more: object, param: string) =>
    t.rejects(openai.chat.completions.create({ ...ask('hi'), ...more }), failure(400, { param }), param);
  await refused({ n: 2 }, 'n');
  await refused({ seed: 1 }, 'seed');
  await refused({ temperature: 1.5 }, 'temperature');
  await refused({ response_format: { type: 'json_object' } }, 'response_format');
  await refused(
    { tools: [{ ...weather, function: { ...weather.function, strict: true } }] },
    'tools[0].function.strict',
  );
  const image = { type: 'image_url', image_url: { url: 'https://example.com/a.png' } };
  await refused({ messages: [{ role: 'user', content: [image] }] }, 'messages[0].content[0].image_url.url');
  const ids = openai.embeddings.create({ model: 'embedding', input: [[1, 2]] });
  await t.rejects(ids, failure(400, { param: 'input[0]' }));
  await t.rejects(
    openai.embeddings.create({ model: 'assistant', input: 'x' }),
    failure(400, { message: /embeddings/ }),
  );
  const page = await (await fetch(`${gateway.urls.admin}/admin/targets`)).text();
  t.notMatch(page, /"breaker":"open"/);
  for (const body of ['', 'null', '[]', '{', '{"model":1}', '{"model":"assistant","stream":"yes"}']) {
    const response = await fetch(`${gateway.urls.data}/v1/chat/completions`, { method: 'POST', body });
    t.equal(response.status, 400, body);
    t.match(await response.json(), { error: { type: 'invalid_request_error' } });
  }
  const get = await fetch(`${gateway.urls.data}/v1/chat/completions`);
  t.match([get.status, get.headers.get('allow'), await get.json()], [405, 'POST', { error: { message: /POST/ } }]);
});

test('the client raises each error as what it is', async t => {
  const digest = (text: string) => createHash('sha256').update(text).digest('hex');
  const keys = [
    { id: 'all', sha256: digest('all'), tenant: 'acme' },
    { id: 'one', sha256: digest('one'), tenant: 'acme', models: ['rain'] },
    { id: 'few', sha256: digest('few'), tenant: 'few' },
  ];
  const tenants = { few: { requests: { perSecond: 0.01, burst: 1 } } };
  const gateway = await startTestGateway(t, { models, auth: { keys }, tenants });
  const raised = async (key: string, more: object = {}) => {
    try {
      const asked: object = { ...ask('hi'), ...more };
      await client(gateway, key).chat.completions.create(asked as ReturnType<typeof ask>);
      return undefined;
    } catch (error) {
      if (error instanceof OpenAI.APIError) return error;
      throw error;
    }
  };
  t.ok((await raised('nobody')) instanceof OpenAI.AuthenticationError);
  t.ok((await raised('one')) instanceof OpenAI.PermissionDeniedError);
  const missing = await raised('all', { model: 'nobody' });
  t.ok(missing instanceof OpenAI.NotFoundError);
  t.equal(missing?.param, 'model');
  for (const [field, value] of [
    ['model', 7],
    ['stream', 'yes'],
    ['prompt_cache_key', 7],
    ['stream_options', { include_usage: true }],
    ['tool_choice', 'required'],
  ] as const) {
    const bad = await raised('all', { [field]: value });
    t.ok(bad instanceof OpenAI.BadRequestError, field);
    t.equal(bad?.param, field);
  }
  t.equal(await raised('few'), undefined);
  const limited = await raised('few');
  t.ok(limited instanceof OpenAI.RateLimitError);
  t.match(limited?.headers?.get('retry-after'), /^[1-9]\d*$/);
});

test('throttling moves on; a stream that breaks ends in an error, never as whole', async t => {
  const gateway = await startTestGateway(t, { models });
  const openai = client(gateway);
  const faults = { region: 'us-west-2', kind: 'throttle', endpoint: modelId };
  const id = await gateway.simulator.faults.add(faults);
  t.equal((await openai.chat.completions.create(ask('hi'))).choices[0]?.message.content, 'You said: hi');
  await gateway.simulator.faults.remove(id);
  for (const region of ['us-west-2', 'us-east-1'])
    await gateway.simulator.faults.add({
      region,
      kind: 'stream-error',
      after: 3,
      errorType: 'ModelStreamErrorException',
    });
  const stream = await openai.chat.completions.create({ ...ask('count to 9'), stream: true });
  const read = async () => {
    for await (const _ of stream);
  };
  await t.rejects(read(), { code: 'stream-broken' });
  const raw = await fetch(`${gateway.urls.data}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ ...ask('count to 9'), stream: true }),
  });
  t.notMatch(await raw.text(), /\[DONE\]/);
});

test('a substitute for a stream comes as chunks', async t => {
  const stand = {
    choices: [{ index: 0, message: { role: 'assistant', content: 'later, please' }, finish_reason: 'stop' }],
  };
  const fallback = [{ static: { contentType: 'application/json', body: JSON.stringify(stand) } }];
  const gateway = await startTestGateway(t, { models: { assistant: { ...models.assistant, fallback } } });
  for (const region of ['us-west-2', 'us-east-1']) await gateway.simulator.faults.add({ region, kind: 'error' });
  const stream = await client(gateway).chat.completions.create({ ...ask('hi'), stream: true });
  let text = '';
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
  t.equal(text, 'later, please');
});

test('a session of any length is remembered by few bytes', async t => {
  const gateway = await startTestGateway(t, { models });
  const { bedrock } = gateway.app.parts.backends.backends;
  const calls = t.capture(bedrock, 'invoke', bedrock.invoke);
  const openai = client(gateway);
  const key = 'k'.repeat(1_000_000);
  for (const prompt_cache_key of ['short', key, `${key}2`, ''])
    await openai.chat.completions.create({ ...ask('hello'), prompt_cache_key });
  const [short, long, other, none] = calls().map(({ args }) => args[1].hints.session);
  t.equal(short, 'short');
  t.match([long, other], [/^[0-9a-f]{64}$/, /^[0-9a-f]{64}$/]);
  t.not(long, other);
  t.equal(none, undefined);
});

test('an answer that is none is an error, not the end of one, and blames no target', async t => {
  const frame = (type: string, members: object) =>
    encodeFrame({ ':event-type': type, ':message-type': 'event' }, Buffer.from(JSON.stringify(members)));
  const stopReason = 'malformed_tool_use';
  const upstream = await startUpstream(t, (response, { path }) => {
    if (!path.endsWith('-stream'))
      return void response.end(
        JSON.stringify({ output: { message: { role: 'assistant', content: [{ text: 'I will' }] } }, stopReason }),
      );
    response.write(frame('messageStart', { role: 'assistant' }));
    response.write(frame('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'I will' } }));
    response.write(frame('messageStop', { stopReason }));
    response.end(frame('metadata', { usage: { inputTokens: 1, outputTokens: 2 }, metrics: { latencyMs: 1 } }));
  });
  const regions = Object.fromEntries(
    ['us-east-1', 'us-west-2'].map(region => [region, { endpoints: { bedrockRuntime: upstream.url } }]),
  );
  const gateway = await startTestGateway(t, { models: { assistant: models.assistant }, regions });
  const openai = client(gateway);
  for (let call = 1; call <= 6; call += 1)
    await t.rejects(openai.chat.completions.create(ask('hi')), failure(502, { message: /called a tool/ }));
  t.equal(upstream.seen.length, 6, 'no other region is asked');
  const stream = await openai.chat.completions.create({ ...ask('hi'), stream: true });
  let text = '';
  const read = async () => {
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
  };
  await t.rejects(read(), { message: /ended before it was whole/ });
  t.equal(text, 'I will');
  t.ok(gateway.app.parts.health.describeAll().every(({ health }) => health.breaker === 'closed'));
});
