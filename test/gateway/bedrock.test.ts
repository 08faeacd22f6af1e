import {
  BedrockRuntimeClient,
  type BedrockRuntimeClientConfig,
  ConverseCommand,
  type ConverseCommandInput,
  ConverseStreamCommand,
  CountTokensCommand,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { InvokeEndpointWithResponseStreamCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { type Test, test } from 'tap';
import { startTestGateway, type TestGateway, targetsIn } from '../helpers/gateway.ts';

const modelId = 'us.demo.assistant-v1:0';
const models = {
  assistant: {
    aliases: [modelId, 'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.demo.assistant-v1:0'],
    versions: {
      v1: {
        targets: ['us-west-2', 'us-east-1'].map(region => ({
          kind: 'bedrock',
          region,
          modelId,
          price: { inputUsdPerMillion: 1, outputUsdPerMillion: 5 },
        })),
      },
    },
    routing: { policy: 'ordered', warmShare: 0 },
  },
  rain: { versions: { v1: { targets: targetsIn(['us-east-1']) } } },
};

/** As shipped: HTTP/2 with prior knowledge on an `http://` endpoint. */
function client(t: Test, gateway: TestGateway, config: Partial<BedrockRuntimeClientConfig> = {}): BedrockRuntimeClient {
  const base = {
    region: 'us-east-1',
    endpoint: gateway.urls.data,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  };
  const made = new BedrockRuntimeClient({ ...base, maxAttempts: 1, ...config });
  t.teardown(() => made.destroy());
  return made;
}

const ask = (text: string): Pick<ConverseCommandInput, 'messages'> => ({
  messages: [{ role: 'user', content: [{ text }] }],
});

test('the unmodified client is answered over HTTP/2 and over HTTP/1.1', async t => {
  const gateway = await startTestGateway(t, { models });
  for (const config of [{}, { requestHandler: new NodeHttpHandler() }]) {
    const bedrock = client(t, gateway, config);
    for (const name of ['assistant', ...models.assistant.aliases]) {
      const answer = await bedrock.send(new ConverseCommand({ modelId: name, ...ask('count to 3') }));
      t.same(answer.output?.message?.content, [{ text: '1 2 3' }]);
      t.same(answer.usage, { inputTokens: 3, outputTokens: 3, totalTokens: 6 });
    }
    const counted = await bedrock.send(new CountTokensCommand({ modelId, input: { converse: ask('count to 3') } }));
    t.equal(counted.inputTokens, 3);
    const invoked = await bedrock.send(new InvokeModelCommand({ modelId, body: JSON.stringify({ prompt: 'hello' }) }));
    t.match(JSON.parse(invoked.body?.transformToString() ?? ''), { completion: 'You said: hello' });
  }
});

test('both kinds of stream', async t => {
  const gateway = await startTestGateway(t, { models });
  const bedrock = client(t, gateway);
  const { stream } = await bedrock.send(new ConverseStreamCommand({ modelId, ...ask('count to 30') }));
  let text = '';
  let outputTokens = 0;
  for await (const event of stream ?? []) {
    text += event.contentBlockDelta?.delta?.text ?? '';
    outputTokens += event.metadata?.usage?.outputTokens ?? 0;
  }
  t.equal(text, Array.from({ length: 30 }, (_, at) => at + 1).join(' '));
  t.equal(outputTokens, 30);
  const native = await bedrock.send(
    new InvokeModelWithResponseStreamCommand({ modelId, body: JSON.stringify({ prompt: 'count to 3' }) }),
  );
  let completion = '';
  for await (const { chunk } of native.body ?? [])
    completion += (JSON.parse(Buffer.from(chunk?.bytes ?? []).toString()) as { completion: string }).completion;
  t.equal(completion, '1 2 3');
});

test('tokens are counted and paid for, of whole answers and of streams', async t => {
  const gateway = await startTestGateway(t, { models });
  const bedrock = client(t, gateway);
  await bedrock.send(new ConverseCommand({ modelId, ...ask('count to 5') }));
  const { stream } = await bedrock.send(new ConverseStreamCommand({ modelId, ...ask('count to 5') }));
  for await (const _ of stream ?? []);
  await bedrock.send(new InvokeModelCommand({ modelId, body: JSON.stringify({ prompt: 'count to 5' }) }));
  const page = await (await fetch(`${gateway.urls.admin}/metrics`)).text();
  const sum = (pattern: RegExp) => [...page.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0);
  t.equal(sum(/^meridian_tokens_total\{.*kind="input"\} (\S+)$/gm), 9);
  t.equal(sum(/^meridian_tokens_total\{.*kind="output"\} (\S+)$/gm), 15);
  const dollars = sum(/^meridian_cost_usd_total\{.*basis="marginal"\} (\S+)$/gm);
  t.ok(Math.abs(dollars - (9 * 1 + 15 * 5) / 1e6) < 1e-8, String(dollars));
});

test('throttling in one region moves on, and all targets of the same quota are left alone together', async t => {
  const twin = { ...models.assistant, aliases: [] };
  const gateway = await startTestGateway(t, { models: { ...models, twin } });
  const bedrock = client(t, gateway);
  await gateway.simulator.faults.add({ region: 'us-west-2', kind: 'throttle', endpoint: modelId });
  const { $metadata, output } = await bedrock.send(new ConverseCommand({ modelId, ...ask('hi') }));
  t.equal($metadata.httpStatusCode, 200);
  t.ok(output);
  const { targets } = (await (await fetch(`${gateway.urls.admin}/admin/targets`)).json()) as {
    targets: { model: string; region: string; share: number }[];
  };
  const shares = targets.filter(({ region }) => region === 'us-west-2').map(({ model, share }) => [model, share < 1]);
  t.same(shares, [
    ['assistant', true],
    ['twin', true],
  ]);
  t.ok(targets.filter(({ region }) => region === 'us-east-1').every(({ share }) => share === 1));
});

test('errors have Bedrock’s names and shape', async t => {
  const gateway = await startTestGateway(t, { models });
  const bedrock = client(t, gateway);
  await t.rejects(bedrock.send(new ConverseCommand({ modelId: 'nobody', ...ask('hi') })), {
    name: 'ResourceNotFoundException',
    message: /No model of this name/,
  });
  await t.rejects(bedrock.send(new ConverseCommand({ modelId, messages: [] })), { name: 'ValidationException' });
  await t.rejects(bedrock.send(new ConverseCommand({ modelId: 'rain', ...ask('hi') })), {
    name: 'ValidationException',
    message: /converse/,
  });
  for (const region of ['us-east-1', 'us-west-2'])
    await gateway.simulator.faults.add({ region, kind: 'error', endpoint: modelId });
  await t.rejects(bedrock.send(new ConverseCommand({ modelId, ...ask('hi') })), {
    name: 'ServiceUnavailableException',
  });
  const raw = await fetch(`${gateway.urls.data}/model/assistant/nothing`, { method: 'POST' });
  t.equal(raw.status, 404);
  t.match(await raw.json(), { message: /Nothing answers/ });
});

test('a stream’s first exception moves on; a later one ends it with its name', async t => {
  const gateway = await startTestGateway(t, { models });
  const bedrock = client(t, gateway);
  const errorType = 'ThrottlingException';
  await gateway.simulator.faults.add({ region: 'us-west-2', kind: 'stream-error', after: 1, errorType });
  const moved = await bedrock.send(new ConverseStreamCommand({ modelId, ...ask('count to 3') }));
  let text = '';
  for await (const event of moved.stream ?? []) text += event.contentBlockDelta?.delta?.text ?? '';
  t.equal(text, '1 2 3');
  await gateway.simulator.faults.clear();
  await gateway.simulator.faults.add({ region: 'us-east-1', kind: 'stream-error', after: 3, errorType });
  await gateway.simulator.faults.add({ region: 'us-west-2', kind: 'stream-error', after: 3, errorType });
  const broken = await bedrock.send(new ConverseStreamCommand({ modelId, ...ask('count to 3') }));
  const read = async () => {
    for await (const _ of broken.stream ?? []);
  };
  await t.rejects(read(), { name: 'ModelStreamErrorException' });
});

test('a stream that begins with a refusal is its caller’s: no other region is asked, and none is blamed', async t => {
  const gateway = await startTestGateway(t, { models });
  const bedrock = client(t, gateway);
  const errorType = 'ValidationException';
  for (const region of ['us-east-1', 'us-west-2'])
    await gateway.simulator.faults.add({ region, kind: 'stream-error', after: 0, errorType });
  for (let call = 0; call < 6; call += 1)
    await t.rejects(bedrock.send(new ConverseStreamCommand({ modelId, ...ask('hi') })), {
      name: 'ValidationException',
      message: 'injected fault',
      $response: { statusCode: 400, headers: { 'x-meridian-attempts': /^\S+:caller-fault$/ } },
    });
  t.equal(
    gateway.app.parts.health.describeAll().every(({ health }) => health.breaker === 'closed'),
    true,
  );
});

test('a SageMaker client reaches a Bedrock model, and a Bedrock client a SageMaker endpoint, in their own frames', async t => {
  const gateway = await startTestGateway(t, { models });
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  const sagemaker = new SageMakerRuntimeClient({ region: 'us-east-1', endpoint: gateway.urls.data, credentials });
  t.teardown(() => sagemaker.destroy());
  const { Body } = await sagemaker.send(
    new InvokeEndpointWithResponseStreamCommand({
      EndpointName: 'assistant',
      Body: JSON.stringify({ prompt: 'count to 2' }),
    }),
  );
  let pieces = '';
  for await (const { PayloadPart } of Body ?? []) pieces += Buffer.from(PayloadPart?.Bytes ?? []).toString();
  t.match(pieces, /"completion":"1"/);
  const { body } = await client(t, gateway).send(
    new InvokeModelWithResponseStreamCommand({ modelId: 'rain', body: 'hello', contentType: 'text/plain' }),
  );
  let echoed = '';
  for await (const { chunk } of body ?? []) echoed += Buffer.from(chunk?.bytes ?? []).toString();
  t.equal(echoed, 'hello');
});

test('a call by the id of a geography’s profile stays in that geography', async t => {
  const assistant = {
    aliases: ['eu.demo.assistant-v1:0', 'global.demo.assistant-v2:0'],
    versions: {
      v1: {
        targets: [
          { kind: 'bedrock', region: 'us-west-2', modelId },
          { kind: 'bedrock', region: 'eu-west-1', modelId: 'eu.demo.assistant-v1:0' },
          { kind: 'bedrock', region: 'eu-west-1', modelId: 'global.demo.assistant-v2:0' },
        ],
      },
    },
    routing: { policy: 'ordered', warmShare: 0 },
  };
  const gateway = await startTestGateway(t, { models: { assistant } });
  const regionOf = async (name: string, headers: Record<string, string> = {}) => {
    const body = JSON.stringify(ask('hi'));
    const url = `${gateway.urls.data}/model/${encodeURIComponent(name)}/converse`;
    const response = await fetch(url, { method: 'POST', body, headers });
    return response.headers.get('x-meridian-target') ?? ((await response.json()) as { message: string }).message;
  };
  t.equal(await regionOf('assistant'), 'v1@us-west-2/bedrock');
  t.equal(await regionOf('eu.demo.assistant-v1:0'), 'v1@eu-west-1/bedrock');
  t.equal(await regionOf('global.demo.assistant-v2:0'), 'v1@us-west-2/bedrock');
  t.match(await regionOf('eu.demo.assistant-v1:0', { 'x-meridian-residency': 'us' }), /must be eu/);
  t.equal(await regionOf('assistant', { 'x-meridian-residency': 'global' }), 'v1@eu-west-1/bedrock-2');
  await gateway.simulator.faults.add({ region: 'eu-west-1', kind: 'error', endpoint: 'eu.demo.assistant-v1:0' });
  t.match(await regionOf('eu.demo.assistant-v1:0'), /./, 'an error rather than another geography');
  t.not(await regionOf('eu.demo.assistant-v1:0'), 'v1@us-west-2/bedrock');
});

test('a substitute that is no message of this protocol is refused as that', async t => {
  const fallback = [{ static: { contentType: 'application/json', body: '{"rain":null}' } }];
  const gateway = await startTestGateway(t, { models: { assistant: { ...models.assistant, aliases: [], fallback } } });
  for (const region of ['us-east-1', 'us-west-2']) await gateway.simulator.faults.add({ region, kind: 'refuse' });
  const paths = ['/model/assistant/converse-stream', '/v1/chat/completions'];
  for (const path of paths) {
    const body = JSON.stringify({ model: 'assistant', stream: true, messages: [{ role: 'user', content: 'hi' }] });
    const response = await fetch(gateway.urls.data + path, { method: 'POST', body });
    t.equal(response.status, 503, path);
    t.match(await response.text(), /no target/i);
  }
  t.notOk(
    gateway.log.some(line => line['level'] === 'error'),
    'it is no fault of the gateway',
  );
});
