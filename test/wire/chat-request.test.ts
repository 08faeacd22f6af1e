import fc from 'fast-check';
import { test } from 'tap';
import { converseOfChat } from '../../src/wire/chat/request.ts';
import { Untranslatable } from '../../src/wire/untranslatable.ts';

const hi = [{ role: 'user', content: 'hi' }];
const tool = { type: 'function', function: { name: 'f', parameters: { type: 'object' } } };
const spec = { toolSpec: { name: 'f', inputSchema: { json: { type: 'object' } } } };
const call = (id: string) => ({ id, type: 'function', function: { name: 'f', arguments: '{"a":1}' } });
const used = [...hi, { role: 'assistant', content: null, tool_calls: [call('t1')] }];

test('each field becomes Converse’s own', t => {
  const cases: readonly (readonly [string, object, object])[] = [
    ['nothing but messages', {}, {}],
    [
      'limits',
      { max_tokens: 5, temperature: 0, top_p: 1 },
      { inferenceConfig: { maxTokens: 5, temperature: 0, topP: 1 } },
    ],
    ['both limits, the same', { max_tokens: 7, max_completion_tokens: 7 }, { inferenceConfig: { maxTokens: 7 } }],
    ['the newer limit', { max_tokens: null, max_completion_tokens: 7 }, { inferenceConfig: { maxTokens: 7 } }],
    ['counts of a stream', { stream: true, stream_options: { include_usage: true, include_obfuscation: false } }, {}],
    ['one stop', { stop: 'x' }, { inferenceConfig: { stopSequences: ['x'] } }],
    ['stops', { stop: ['x', 'y'] }, { inferenceConfig: { stopSequences: ['x', 'y'] } }],
    ['tools', { tools: [tool] }, { toolConfig: { tools: [spec] } }],
    [
      'a tool is required',
      { tools: [tool], tool_choice: 'required' },
      { toolConfig: { tools: [spec], toolChoice: { any: {} } } },
    ],
    [
      'a tool is named',
      { tools: [tool], tool_choice: { type: 'function', function: { name: 'f' } } },
      { toolConfig: { tools: [spec], toolChoice: { tool: { name: 'f' } } } },
    ],
    ['no tool may be called', { tools: [tool], tool_choice: 'none' }, {}],
    ['who asks', { user: 'u1', metadata: { team: 'a' } }, { requestMetadata: { team: 'a', user: 'u1' } }],
    [
      'defaults and nulls',
      { n: 1, seed: null, frequency_penalty: 0, response_format: { type: 'text' }, logit_bias: {} },
      {},
    ],
  ];
  const messages = [{ role: 'user', content: [{ text: 'hi' }] }];
  for (const [name, chat, expected] of cases)
    t.strictSame(converseOfChat({ model: 'm', messages: hi, ...chat }), { messages, ...expected }, name);
  t.end();
});

test('messages take turns, the system’s stand apart, and results of tools are the user’s', t => {
  const messages = [
    { role: 'system', content: 'a' },
    { role: 'user', content: 'b' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'c' },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=' } },
      ],
    },
    { role: 'developer', content: [{ type: 'text', text: 'd' }] },
    { role: 'assistant', content: 'e', tool_calls: [call('t1'), call('t2')] },
    { role: 'tool', tool_call_id: 't1', content: 'f' },
    { role: 'tool', tool_call_id: 't2', content: [{ type: 'text', text: 'g' }] },
    { role: 'user', content: 'h' },
  ];
  t.strictSame(converseOfChat({ messages }), {
    messages: [
      {
        role: 'user',
        content: [{ text: 'b' }, { text: 'c' }, { image: { format: 'png', source: { bytes: 'aGk=' } } }],
      },
      {
        role: 'assistant',
        content: [
          { text: 'e' },
          { toolUse: { toolUseId: 't1', name: 'f', input: { a: 1 } } },
          { toolUse: { toolUseId: 't2', name: 'f', input: { a: 1 } } },
        ],
      },
      {
        role: 'user',
        content: [
          { toolResult: { toolUseId: 't1', content: [{ text: 'f' }] } },
          { toolResult: { toolUseId: 't2', content: [{ text: 'g' }] } },
          { text: 'h' },
        ],
      },
    ],
    system: [{ text: 'a' }, { text: 'd' }],
  });
  t.end();
});

test('an assistant’s answer goes back as it came', t => {
  const answer = { role: 'assistant', content: null, refusal: 'no', annotations: [], reasoning_content: 'hm' };
  const parts = {
    role: 'assistant',
    content: [
      { type: 'text', text: 'a' },
      { type: 'refusal', refusal: 'b' },
    ],
  };
  const gathered = { role: 'assistant', tool_calls: [{ index: 0, ...call('t1') }] };
  t.strictSame(converseOfChat({ messages: [...hi, answer, ...hi, parts, ...hi, gathered] }), {
    messages: [
      { role: 'user', content: [{ text: 'hi' }] },
      { role: 'assistant', content: [{ text: 'no' }] },
      { role: 'user', content: [{ text: 'hi' }] },
      { role: 'assistant', content: [{ text: 'a' }, { text: 'b' }] },
      { role: 'user', content: [{ text: 'hi' }] },
      { role: 'assistant', content: [{ toolUse: { toolUseId: 't1', name: 'f', input: { a: 1 } } }] },
    ],
  });
  t.end();
});

test('what cannot be said is refused under its name', t => {
  const cases: readonly (readonly [string, object])[] = [
    ['n', { n: 2 }],
    ['seed', { seed: 7 }],
    ['logprobs', { logprobs: true }],
    ['logit_bias', { logit_bias: { 1: 1 } }],
    ['presence_penalty', { presence_penalty: 0.5 }],
    ['parallel_tool_calls', { parallel_tool_calls: false }],
    ['service_tier', { service_tier: 'flex' }],
    ['response_format', { response_format: { type: 'json_schema' } }],
    ['modalities', { modalities: ['text', 'audio'] }],
    ['reasoning_effort', { reasoning_effort: 'low' }],
    ['temperature', { temperature: 2 }],
    ['max_tokens', { max_tokens: 0 }],
    ['max_tokens', { max_tokens: 1.5 }],
    ['max_tokens', { max_tokens: 5, max_completion_tokens: 7 }],
    ['stream_options', { stream_options: { include_usage: true } }],
    ['stream_options', { stream: false, stream_options: { include_usage: true } }],
    ['stream_options', { stream: true, stream_options: 'usage' }],
    ['stream_options.include_usage', { stream: true, stream_options: { include_usage: 'yes' } }],
    ['stream_options.include_obfuscation', { stream: true, stream_options: { include_obfuscation: true } }],
    ['stream_options.else', { stream: true, stream_options: { else: 1 } }],
    ...[
      'audio',
      'prediction',
      'verbosity',
      'web_search_options',
      'functions',
      'function_call',
      'top_logprobs',
      'top_k',
    ].map((field): readonly [string, object] => [field, { [field]: {} }]),
    ['store', { store: true }],
    ['modalities', { modalities: 'text' }],
    ['metadata.user', { metadata: { user: 1 } }],
    ['user', { metadata: { user: 'a' }, user: 'b' }],
    ['metadata.ü', { metadata: { ü: 'a' } }],
    ['metadata', { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, at) => [`k${at}`, 'v'])) }],
    [
      'tool_choice',
      { tools: [tool], tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [] } } },
    ],
    [
      'tool_choice.function.else',
      { tools: [tool], tool_choice: { type: 'function', function: { name: 'f', else: 1 } } },
    ],
    ['tools[0].cache_control', { tools: [{ ...tool, cache_control: { type: 'ephemeral' } }] }],
    ['messages[0].name', { messages: [{ role: 'system', content: 'x', name: 'n' }] }],
    [
      'messages[1].annotations',
      { messages: [...hi, { role: 'assistant', content: 'x', annotations: [{ type: 'url_citation' }] }] },
    ],
    ['messages[1].audio', { messages: [...hi, { role: 'assistant', content: 'x', audio: { id: 'a' } }] }],
    [
      'messages[1].tool_calls[0].else',
      { messages: [...hi, { role: 'assistant', tool_calls: [{ ...call('t'), else: 1 }] }] },
    ],
    [
      'messages[0].content[0].image_url.detail',
      {
        messages: [
          {
            role: 'user',
            content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=', detail: 'high' } }],
          },
        ],
      },
    ],
    [
      'messages[0].content[0].image_url.url',
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://a/b.png' } }] }] },
    ],
    ['messages[0].content[0].type', { messages: [{ role: 'user', content: [{ type: 'file', file: {} }] }] }],
    ['stop[1]', { stop: ['a', 1] }],
    ['user', { user: 'ümlaut' }],
    ['tool_choice', { tool_choice: 'required' }],
    ['tool_choice', { messages: used, tools: [tool], tool_choice: 'none' }],
    ['tools[0].type', { tools: [{ type: 'custom' }] }],
    ['tools[0].function.strict', { tools: [{ ...tool, function: { ...tool.function, strict: true } }] }],
    ['messages', { messages: [] }],
    ['messages', { messages: 'hi' }],
    ['messages[0].role', { messages: [{ role: 'critic', content: 'x' }] }],
    ['messages[0].name', { messages: [{ role: 'user', content: 'x', name: 'n' }] }],
    ['messages[0].content[0].type', { messages: [{ role: 'user', content: [{ type: 'input_audio' }] }] }],
    ['messages[0].tool_call_id', { messages: [{ role: 'tool', content: 'x' }] }],
    [
      'messages[1].tool_calls[0].function.arguments',
      {
        messages: [
          ...hi,
          { role: 'assistant', tool_calls: [{ ...call('t'), function: { name: 'f', arguments: '{' } }] },
        ],
      },
    ],
  ];
  for (const [field, chat] of cases)
    t.throws(
      () => converseOfChat({ messages: hi, ...chat }),
      { name: 'Untranslatable', field },
      `${field} of ${JSON.stringify(chat)}`,
    );
  t.end();
});

test('any JSON is translated or refused by name, and never breaks', t => {
  const property = fc.property(
    fc.record(
      {
        messages: fc.oneof(
          fc.jsonValue(),
          fc.array(
            fc.record({ role: fc.constantFrom('user', 'assistant', 'tool', 'system'), content: fc.jsonValue() }),
          ),
        ),
        tools: fc.jsonValue(),
        stop: fc.jsonValue(),
        tool_choice: fc.jsonValue(),
        metadata: fc.jsonValue(),
      },
      { requiredKeys: [] },
    ),
    chat => {
      try {
        converseOfChat(chat);
      } catch (error) {
        if (!(error instanceof Untranslatable)) throw error;
      }
    },
  );
  t.doesNotThrow(() => fc.assert(property, { numRuns: 1_000, seed: 3 }));
  t.end();
});
