import {
  ConverseCommand,
  type ConverseCommandInput,
  ConverseStreamCommand,
  CountTokensCommand,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime';
import t from 'tap';
import { demoBedrockModels } from '../../sim/bedrock/models.ts';
import { bedrockClient } from '../helpers/aws-clients.ts';
import { startTestSimulator } from '../helpers/simulator.ts';

const ask = (text: string): Pick<ConverseCommandInput, 'messages'> => ({
  messages: [{ role: 'user', content: [{ text }] }],
});
const modelId = 'demo.assistant-v1:0';

t.test('converse answers with text, counted tokens and a reason to stop', async t => {
  const simulator = await startTestSimulator(t);
  const client = bedrockClient(t, simulator, 'us-west-2');
  const plain = await client.send(new ConverseCommand({ modelId, ...ask('count to 5') }));
  t.same(plain.output?.message?.content, [{ text: '1 2 3 4 5' }]);
  t.equal(plain.stopReason, 'end_turn');
  t.same(plain.usage, { inputTokens: 3, outputTokens: 5, totalTokens: 8 });
  const short = await client.send(
    new ConverseCommand({ modelId, ...ask('count to 5'), inferenceConfig: { maxTokens: 2 } }),
  );
  t.same(short.output?.message?.content, [{ text: '1 2' }]);
  t.equal(short.stopReason, 'max_tokens');
  const stopped = await client.send(
    new ConverseCommand({ modelId, ...ask('count to 5'), inferenceConfig: { stopSequences: ['4'] } }),
  );
  t.same(stopped.output?.message?.content, [{ text: '1 2 3 ' }]);
  t.equal(stopped.stopReason, 'stop_sequence');
});

t.test('a tool is called with the question, and its result is repeated', async t => {
  const simulator = await startTestSimulator(t);
  const client = bedrockClient(t, simulator, 'us-west-2');
  const toolConfig: ConverseCommandInput['toolConfig'] = {
    tools: [
      {
        toolSpec: {
          name: 'weather',
          inputSchema: { json: { type: 'object', properties: { city: { type: 'string' } } } },
        },
      },
    ],
  };
  const called = await client.send(new ConverseCommand({ modelId, ...ask('Rain in Seattle?'), toolConfig }));
  t.equal(called.stopReason, 'tool_use');
  const toolUse = called.output?.message?.content?.[0]?.toolUse;
  t.same(toolUse?.input, { city: 'Rain in Seattle?' });
  const messages: ConverseCommandInput['messages'] = [
    ...(ask('Rain in Seattle?').messages ?? []),
    ...(called.output?.message ? [called.output.message] : []),
    { role: 'user', content: [{ toolResult: { toolUseId: toolUse?.toolUseId, content: [{ text: 'yes' }] } }] },
  ];
  const told = await client.send(new ConverseCommand({ modelId, messages, toolConfig }));
  t.same(told.output?.message?.content, [{ text: 'The tool answered: yes' }]);
});

t.test('streams come event by event, and end with the counts', async t => {
  const simulator = await startTestSimulator(t);
  const client = bedrockClient(t, simulator, 'us-west-2');
  const { stream } = await client.send(new ConverseStreamCommand({ modelId, ...ask('count to 3') }));
  const names: string[] = [];
  let text = '';
  for await (const event of stream ?? []) {
    names.push(Object.keys(event)[0] ?? '');
    text += event.contentBlockDelta?.delta?.text ?? '';
    if (event.metadata) t.same(event.metadata.usage, { inputTokens: 3, outputTokens: 3, totalTokens: 6 });
  }
  t.equal(text, '1 2 3');
  t.same([...new Set(names)], ['messageStart', 'contentBlockDelta', 'contentBlockStop', 'messageStop', 'metadata']);
  const native = await client.send(
    new InvokeModelWithResponseStreamCommand({ modelId, body: JSON.stringify({ prompt: 'count to 3' }) }),
  );
  const chunks: Record<string, unknown>[] = [];
  for await (const event of native.body ?? [])
    chunks.push(JSON.parse(Buffer.from(event.chunk?.bytes ?? []).toString()));
  t.equal(chunks.map(({ completion }) => completion).join(''), '1 2 3');
  t.match(chunks.at(-1), { 'amazon-bedrock-invocationMetrics': { inputTokenCount: 3, outputTokenCount: 3 } });
});

t.test('invoke, count-tokens and embeddings', async t => {
  const simulator = await startTestSimulator(t);
  const client = bedrockClient(t, simulator, 'us-west-2');
  const { body } = await client.send(new InvokeModelCommand({ modelId, body: JSON.stringify({ prompt: 'hello' }) }));
  t.same(JSON.parse(body?.transformToString() ?? ''), { completion: 'You said: hello', stop_reason: 'end_turn' });
  const counted = await client.send(new CountTokensCommand({ modelId, input: { converse: ask('count to 5') } }));
  t.equal(counted.inputTokens, 3);
  const embedded = await client.send(
    new InvokeModelCommand({
      modelId: 'amazon.titan-embed-text-v2:0',
      body: JSON.stringify({ inputText: 'rain', dimensions: 256 }),
    }),
  );
  const { embedding } = JSON.parse(embedded.body?.transformToString() ?? '') as { embedding: number[] };
  t.equal(embedding.length, 256);
  t.ok(Math.abs(Math.hypot(...embedding) - 1) < 1e-9, 'a unit vector');
});

t.test('what Bedrock refuses', async t => {
  const models = [
    ...demoBedrockModels,
    { id: 'demo.scarce', does: 'text', onDemand: true, profiles: {}, requestsPerMinute: 1 } as const,
  ];
  const simulator = await startTestSimulator(t, { bedrockModels: models });
  const client = bedrockClient(t, simulator, 'us-west-2');
  const send = (id: string, more: object = {}) =>
    client.send(new ConverseCommand({ modelId: id, ...ask('hi'), ...more }));
  await t.rejects(send('demo.assistant-v2:0'), { name: 'ValidationException', message: /inference profile/ });
  await t.rejects(send('eu.demo.assistant-v1:0'), { name: 'ValidationException', message: /identifier is invalid/ });
  await t.resolves(send('us.demo.assistant-v2:0'));
  await t.resolves(send('arn:aws:bedrock:us-west-2:123456789012:inference-profile/us.demo.assistant-v2:0'));
  await t.rejects(send(modelId, { messages: [] }), { name: 'ValidationException' });
  await t.resolves(send('demo.scarce'));
  await t.rejects(send('demo.scarce'), { name: 'ThrottlingException', $metadata: { httpStatusCode: 429 } });
  const guardrailConfig = { guardrailIdentifier: 'demo-guardrail', guardrailVersion: '1' };
  const guarded = await send(modelId, { ...ask('a forbidden word'), guardrailConfig });
  t.equal(guarded.stopReason, 'guardrail_intervened');
  await simulator.faults.add({ region: 'us-west-2', kind: 'throttle', endpoint: modelId });
  await t.rejects(send(modelId), { name: 'ThrottlingException' });
});

t.test('an exception within a stream has its lower-camel name', async t => {
  const simulator = await startTestSimulator(t);
  const client = bedrockClient(t, simulator, 'us-west-2');
  const errorType = 'ThrottlingException';
  await simulator.faults.add({ region: 'us-west-2', kind: 'stream-error', after: 2, errorType });
  const { stream } = await client.send(new ConverseStreamCommand({ modelId, ...ask('count to 3') }));
  const read = async () => {
    for await (const _ of stream ?? []);
  };
  await t.rejects(read(), { name: 'ThrottlingException', message: 'injected fault' });
});
