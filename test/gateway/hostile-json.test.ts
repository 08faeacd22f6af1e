import { test } from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { type ConfigData, startTestGateway, type TestGateway, targetsIn } from '../helpers/gateway.ts';

const places = ['us-east-1', 'us-west-2'];
const models: ConfigData = {
  assistant: {
    versions: {
      v1: { targets: places.map(region => ({ kind: 'bedrock', region, modelId: 'us.demo.assistant-v1:0' })) },
    },
  },
  rain: {
    tensors: {
      inputs: [{ name: 'x', datatype: 'FP64', shape: [-1] }],
      outputs: [{ name: 'rain', datatype: 'FP64', shape: [-1] }],
    },
    versions: { v1: { targets: targetsIn(places) } },
  },
};

async function post(gateway: TestGateway, path: string, body: string): Promise<{ status: number; text: string }> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(gateway.urls.data + path, { method: 'POST', headers, body });
  return { status: answer.status, text: await answer.text() };
}

const chat = (messages: string, more = '') => `{"model":"assistant","messages":[${messages}]${more}}`;
const infer = (data: string, length: number) =>
  `{"inputs":[{"name":"x","datatype":"FP64","shape":[${length}],"data":${data}}]}`;
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
const tool = (parameters: string) =>
  `,"tools":[{"type":"function","function":{"name":"a","parameters":${parameters}}}]`;
const hello = '{"role":"user","content":"hello"}';

test('bodies that nest beyond the stack are the caller’s mistake, and no target suffers', async t => {
  const gateway = await startTestGateway(t, { models });
  const argument = JSON.stringify(`{"a":${nested(20_000)}}`);
  const call = `{"id":"1","type":"function","function":{"name":"a","arguments":${argument}}}`;
  for (const [path, body] of [
    ['/v1/chat/completions', chat(hello, tool(nested(20_000)))],
    ['/v1/chat/completions', chat(`${hello},{"role":"assistant","tool_calls":[${call}]}`)],
    ['/v2/models/rain/infer', infer(nested(20_000), 1)],
    ['/v2/models/rain/infer', infer('[1e999]', 1)],
  ] as const) {
    for (let time = 0; time < 6; time += 1) t.equal((await post(gateway, path, body)).status, 400, body.slice(0, 99));
  }
  t.equal((await post(gateway, '/v1/chat/completions', chat(hello, tool(nested(200))))).status, 200, 'deep is fine');
  t.ok(gateway.app.parts.health.describeAll().every(({ health }) => health.availability.usable));
  t.notOk(gateway.log.some(({ message }) => message === 'the gateway failed on a request'));
});

test('a message of many parts needs no more stack than a message of one', async t => {
  const gateway = await startTestGateway(t, { models, limits: { maxJsonValues: 5_000_000, drainMs: 0 } });
  const parts = `[${'{"type":"text","text":"a"},'.repeat(150_000)}{"type":"text","text":"a"}]`;
  const messages = `{"role":"system","content":${parts}},${hello},{"role":"user","content":${parts}}`;
  t.equal((await post(gateway, '/v1/chat/completions', chat(messages))).status, 200);
});

test('values cost memory, which is admitted before they are read and given back', async t => {
  const limits = { maxBufferedBytes: 30_000_000, maxJsonValues: 5_000_000, drainMs: 0 };
  const small = {
    assistant: { maxRequestBytes: 4_000_000, maxResponseBytes: 4_000_000, ...(models['assistant'] as object) },
  };
  const gateway = await startTestGateway(t, { models: small, limits });
  const { admission } = gateway.app.parts;
  const lists = (count: number) => chat(hello, tool(`{"x":[${'[],'.repeat(count)}1]}`));
  const never = await post(gateway, '/v1/chat/completions', lists(400_000));
  t.match(never, { status: 413, text: /more than 625000/ });
  t.equal(admission.heldBytes, 0);

  admission.take(15_000_000);
  t.match(await post(gateway, '/v1/chat/completions', lists(200_000)), { status: 503, text: /buffers-full/ });
  admission.give(15_000_000);
  t.equal((await post(gateway, '/v1/chat/completions', lists(200_000))).status, 200);
  await eventually(t, 'all is given back', () => admission.heldBytes === 0);
});

test('one body that takes long to read does not hold up everybody else', async t => {
  const gateway = await startTestGateway(t, { models });
  const numbers = (count: number) => infer(`[${'1,'.repeat(count - 1)}1]`, count);
  const refused = await post(gateway, '/v2/models/rain/infer', numbers(260_000));
  t.match(refused, { status: 413, text: /more than 250000: send fewer per call/ });
  const read = await post(gateway, '/v2/models/rain/infer', numbers(240_000));
  t.not(read.status, 413, 'below the limit it is read');
  const asItIs = `[${'1,'.repeat(300_000)}1]`;
  t.not((await post(gateway, '/v1/models/rain/invocations', asItIs)).status, 413, 'what is not read has no such limit');
});
