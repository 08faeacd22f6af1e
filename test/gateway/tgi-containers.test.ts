import OpenAI from 'openai';
import { type Test, test } from 'tap';
import type { ModelContainer, ModelOutput } from '../../sim/model-port.ts';
import { startTestGateway, type TestGateway } from '../helpers/gateway.ts';
import { echoContainers } from '../helpers/simulator.ts';

type Json = Record<string, unknown>;

const output = (status: number, text: string, pieces = [text]): ModelOutput => ({
  status,
  contentType: 'application/json',
  body: Buffer.from(text),
  chunks: pieces.map(piece => Buffer.from(piece)),
});

/** What the model writes: the tokens, then the stop that ends them, as Text Generation Inference hands it out. */
const tokens = ['It', ' rains', '<|im', '_end|>'];

/** Text Generation Inference as it answers `/invocations`; `refuses` is what it says instead, as its own status has it. */
function tgi(seen: Json[], refuses?: { readonly status: number; readonly error_type: string }): ModelContainer {
  const details = { finish_reason: 'stop_sequence', generated_tokens: 4, seed: null, input_length: 7 };
  return {
    predict: ({ body }) => {
      const asked = JSON.parse(body.toString()) as Json;
      seen.push(asked);
      const streamed = asked['stream'] === true;
      if (refuses !== undefined) {
        const error = JSON.stringify({ error: 'cannot be', error_type: refuses.error_type });
        return streamed ? output(200, `data:${error}\n\n`) : output(refuses.status, error);
      }
      const whole = tokens.join('');
      if (!streamed) return output(200, JSON.stringify([{ generated_text: whole, details }]));
      const events = tokens.map((text, index) => {
        const last = index === tokens.length - 1;
        const event = {
          index: index + 1,
          token: { id: index, text, logprob: -0.1, special: false },
          generated_text: last ? whole : null,
          details: last ? details : null,
        };
        return `data:${JSON.stringify(event)}\n\n`;
      });
      return output(200, events.join(''), events.join('').match(/.{1,50}/gs) ?? []);
    },
  };
}

const target = { endpoint: 'tgi', api: 'tgi', template: 'chatml' };

function start(t: Test, container: ModelContainer): Promise<TestGateway> {
  const targets = [
    { region: 'us-west-2', ...target },
    { region: 'us-east-1', ...target },
  ];
  return startTestGateway(
    t,
    { models: { llm: { versions: { v1: { targets } } } } },
    {
      simulator: {
        containers: { ...echoContainers, tgi: container },
        endpoints: [{ kind: 'real-time', name: 'tgi', container: 'tgi' }],
      },
    },
  );
}

const client = (gateway: TestGateway) => new OpenAI({ baseURL: `${gateway.urls.data}/v1`, apiKey: 'x', maxRetries: 0 });
const ask = { model: 'llm', messages: [{ role: 'user' as const, content: 'Rain?' }], max_tokens: 20 };

test('an unmodified client talks to a container that only continues texts, whole and streamed', async t => {
  const seen: Json[] = [];
  const openai = client(await start(t, tgi(seen)));
  const whole = await openai.chat.completions.create(ask);
  t.match(whole, {
    object: 'chat.completion',
    model: 'llm',
    choices: [{ message: { role: 'assistant', content: 'It rains' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 7, completion_tokens: 4, total_tokens: 11 },
  });
  t.same(seen, [
    {
      inputs: '<|im_start|>user\nRain?<|im_end|>\n<|im_start|>assistant\n',
      parameters: {
        details: true,
        return_full_text: false,
        stop: ['<|im_end|>'],
        max_new_tokens: 20,
        do_sample: true,
      },
    },
  ]);
  const runner = openai.chat.completions.stream({ ...ask, stream_options: { include_usage: true } });
  const streamed = await runner.finalChatCompletion();
  t.match(streamed.choices[0], { message: { role: 'assistant', content: 'It rains' }, finish_reason: 'stop' });
  t.equal(streamed.usage?.total_tokens, 11);
  t.equal(seen[1]?.['stream'], true);
});

test('what it has no words for is refused by name, before anything is sent', async t => {
  const seen: Json[] = [];
  const openai = client(await start(t, tgi(seen)));
  const tools = [{ type: 'function' as const, function: { name: 'f' } }];
  await t.rejects(openai.chat.completions.create({ ...ask, tools }), { message: /^400 tools: / });
  t.same(seen, []);
});

test('its refusals are told as theirs who caused them, in a stream too', async t => {
  for (const stream of [false, true]) {
    const invalid: Json[] = [];
    const openai = client(await start(t, tgi(invalid, { status: 422, error_type: 'validation' })));
    await t.rejects(openai.chat.completions.create({ ...ask, stream }), {
      message: stream ? /^422 cannot be/ : /^400 .*cannot be/,
    });
    t.equal(invalid.length, 1, 'no other region is troubled with it');
    const busy: Json[] = [];
    const gateway = await start(t, tgi(busy, { status: 429, error_type: 'overloaded' }));
    const response = await fetch(`${gateway.urls.data}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ ...ask, stream }),
    });
    t.equal(response.status, 503);
    t.match(response.headers.get('x-meridian-attempts'), /^\S+:throttled,\S+:throttled$/);
    t.equal(busy.length, 2, 'the other region was asked');
  }
});
