import { type Test, test } from 'tap';
import { encodeFrame, FrameDecoder } from '../../src/wire/event-stream.ts';
import { startTestGateway } from '../helpers/gateway.ts';
import { startUpstream } from '../helpers/upstream.ts';

const frame = (type: string, payload: string) =>
  encodeFrame(
    { ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' },
    Buffer.from(payload),
  );
const inner = (text: string, more = {}) =>
  JSON.stringify({ bytes: Buffer.from(JSON.stringify({ completion: text, ...more })).toString('base64') });

const converse = [
  frame('messageStart', '{"role":"assistant"}'),
  frame('contentBlockDelta', '{"contentBlockIndex":0,"delta":{"text":"a"}}'),
  frame('contentBlockStop', '{"contentBlockIndex":0}'),
  frame('messageStop', '{"stopReason":"end_turn"}'),
  frame('metadata', '{"usage":{"inputTokens":1,"outputTokens":1,"totalTokens":2},"metrics":{"latencyMs":1}}'),
];
const chunks = [frame('chunk', inner('a')), frame('chunk', inner('b'))];
const own = (json: string) => frame('chunk', JSON.stringify({ bytes: Buffer.from(json).toString('base64') }));
const claude = [
  own('{"type":"message_start","message":{"role":"assistant","content":[]}}'),
  own('{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\\"type\\":\\"message_stop\\""}}'),
  own('{"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":1,"outputTokenCount":1}}'),
];
const nova = [
  own('{"messageStart":{"role":"assistant"}}'),
  own('{"contentBlockDelta":{"delta":{"text":"messageStop"},"contentBlockIndex":0}}'),
  own('{"messageStop":{"stopReason":"end_turn"}}'),
];
const chat = [
  'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n',
  'data: {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}\n\n',
  'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n',
  'data: [DONE]\n\n',
].map(text => Buffer.from(text));
const parts = chat.map(text => encodeFrame({ ':event-type': 'PayloadPart', ':message-type': 'event' }, text));

const generated = [
  'data:{"index":1,"token":{"id":1,"text":"a","logprob":-1,"special":false},"generated_text":null,"details":null}\n\n',
  'data:{"index":2,"token":{"id":2,"text":"</s>","logprob":-1,"special":true},"generated_text":"a","details":{"finish_reason":"eos_token","generated_tokens":2,"input_length":3}}\n\n',
].map(text => encodeFrame({ ':event-type': 'PayloadPart', ':message-type': 'event' }, Buffer.from(text)));

const eventStream = 'application/vnd.amazon.eventstream';
const messages = [{ role: 'user', content: 'hi' }];
const chatAsk = { path: '/v1/chat/completions', body: { model: 'm', stream: true, messages } };
const blocks = [{ role: 'user', content: [{ text: 'hi' }] }];

/** Each way a stream comes in, and goes out. */
const ways = [
  {
    name: 'ConverseStream',
    kind: 'bedrock',
    upstream: converse,
    type: eventStream,
    ask: { path: '/model/m/converse-stream', body: { messages: blocks } },
  },
  {
    name: 'InvokeModelWithResponseStream',
    kind: 'bedrock',
    upstream: chunks,
    type: eventStream,
    ask: { path: '/model/m/invoke-with-response-stream', body: { prompt: 'hi' } },
  },
  { name: 'chat through Converse', kind: 'bedrock', upstream: converse, type: eventStream, ask: chatAsk },
  {
    name: 'chat at a SageMaker endpoint',
    kind: 'sagemaker-realtime',
    upstream: parts,
    type: eventStream,
    ask: chatAsk,
  },
  {
    name: 'chat through TGI',
    kind: 'sagemaker-realtime',
    more: { api: 'tgi', template: 'mistral' },
    upstream: generated,
    type: eventStream,
    ask: chatAsk,
  },
  { name: 'chat at another server', kind: 'http', upstream: chat, type: 'text/event-stream', ask: chatAsk },
] as const;

type Way = (typeof ways)[number];

function targetOf(way: Way, url: string): object {
  const { kind } = way;
  if (kind === 'http')
    return {
      kind,
      region: 'x-away',
      url: `${url}/v1`,
      modelId: 'x',
      price: { inputUsdPerMillion: 1, outputUsdPerMillion: 1 },
    };
  const target = { kind, region: 'us-east-1' };
  return kind === 'bedrock'
    ? { ...target, modelId: 'us.demo.assistant-v1:0' }
    : { ...target, endpoint: 'e', api: 'openai', ...('more' in way && way.more) };
}

/** How an answer ended, as its caller's client sees it. */
type Ending = 'refused' | 'error' | 'whole' | 'cut';

function endingOf({ ask }: Way, status: number, bytes: Buffer): Ending {
  if (status >= 400) return 'refused';
  if (ask === chatAsk) {
    const text = bytes.toString();
    const [broken, done] = [text.includes('data: {"error":'), text.includes('data: [DONE]')];
    if (broken && !done && text.endsWith('\n\n')) return 'error';
    return done && !broken ? 'whole' : 'cut';
  }
  const decoder = new FrameDecoder();
  const frames = decoder.push(bytes);
  decoder.end();
  const exceptions = frames.filter(({ headers }) => headers[':message-type'] === 'exception');
  if (exceptions.length === 0) return 'whole';
  return exceptions.length === 1 && frames.at(-1) === exceptions[0] ? 'error' : 'cut';
}

async function start(t: Test, way: Way, answer: (nth: number) => { bytes: Buffer; whole: boolean }) {
  const upstream = await startUpstream(t, (response, _, nth) => {
    const { bytes, whole } = answer(nth);
    response.writeHead(200, { 'content-type': way.type });
    if (whole) return void response.end(bytes);
    if (bytes.length === 0) return void response.write('', () => response.destroy());
    response.write(bytes, () => response.socket?.end());
  });
  const gateway = await startTestGateway(t, {
    regions: {
      'us-east-1': { endpoints: { sagemakerRuntime: upstream.url, bedrockRuntime: upstream.url } },
      'x-away': { residency: 'us' },
    },
    health: { consecutiveFailures: 100_000, minimumRequests: 100_000 },
    models: { m: { versions: { v1: { targets: [targetOf(way, upstream.url)] } }, stream: { firstContentMs: 5_000 } } },
  });
  return async () => {
    const answer = await fetch(gateway.urls.data + way.ask.path, {
      method: 'POST',
      body: JSON.stringify(way.ask.body),
    });
    return endingOf(way, answer.status, Buffer.from(await answer.arrayBuffer()));
  };
}

/** Where the first content is whole. */
function contentAt({ upstream, ask, kind }: Way): number {
  const before = upstream === generated ? 1 : ask === chatAsk || kind !== 'bedrock' || upstream === converse ? 2 : 1;
  return upstream.slice(0, before).reduce((sum, { length }) => sum + length, 0);
}

for (const way of ways) {
  test(`${way.name}: cut after any number of bytes, it is refused or ends in an error, and only all of it is whole`, async t => {
    const bytes = Buffer.concat(way.upstream);
    const call = await start(t, way, nth => ({ bytes: bytes.subarray(0, nth - 1), whole: nth > bytes.length }));
    const seen: Ending[] = [];
    for (let after = 0; after <= bytes.length; after += 1) seen.push(await call());
    const content = contentAt(way);
    const wrong = seen.flatMap((ending, after) => {
      const expected = after < content ? 'refused' : after < bytes.length ? 'error' : 'whole';
      return ending === expected ? [] : [`${after}: ${ending}, not ${expected}`];
    });
    t.same(wrong, []);
  });
}

test('a stream that ends in order, before anything or before its last event, is not whole either', async t => {
  const formats = [claude, nova].map(upstream => ({ ...ways[1], upstream }));
  for (const way of [...ways, ...formats]) {
    const pieces: readonly Buffer[] = way.upstream;
    const stop = way.upstream === converse ? 3 : way.upstream === chunks ? 0 : pieces.length - 1;
    const call = await start(t, way, nth => ({ bytes: Buffer.concat(pieces.slice(0, nth - 1)), whole: true }));
    for (let count = 0; count <= stop; count += 1) t.not(await call(), 'whole', `${way.name} after ${count}`);
  }
});
