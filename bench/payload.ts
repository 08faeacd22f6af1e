/** Fills an object up with one more member until its JSON has exactly `bytes` bytes (ASCII only). */
export function padded(value: Record<string, unknown>, bytes: number): string {
  const bare = JSON.stringify({ ...value, pad: '' }).length;
  return JSON.stringify({ ...value, pad: 'x'.repeat(bytes - bare) });
}

const day = { date: '2014-11-03', precipitation: 4.1, temp_max: 11.7, temp_min: 7.2, wind: 3.9 };

/** What every contestant is asked: 1,000 bytes. */
export const question = padded({ instances: Array.from({ length: 10 }, () => day) }, 1_000);

/** The same size in the shape that Portkey's OpenAI provider accepts. */
export const openAiQuestion = padded({ model: 'rain', prompt: 'Will it rain tomorrow?' }, 1_000);

/** What the upstream answers, always: 100 bytes. */
export const prediction = padded({ predictions: [{ rain: 0.83 }], model: 'rain-v1' }, 100);

/** What chats are asked: some 1,000 bytes of OpenAI's protocol. */
export const chatQuestion = JSON.stringify({
  model: 'assistant',
  messages: [
    { role: 'system', content: 'You are a forecaster in Seattle. Answer in one sentence.' },
    { role: 'user', content: `Will it rain tomorrow? Today was like this: ${'rain and wind, '.repeat(52)}`.trim() },
  ],
  temperature: 0.2,
  max_tokens: 100,
});

/** What they are answered, in whichever protocol. */
export const chatAnswer = 'It will rain tomorrow, most likely in the afternoon.';

/** The answer as Bedrock's Converse gives it. */
export const converseAnswer = JSON.stringify({
  metrics: { latencyMs: 1 },
  output: { message: { role: 'assistant', content: [{ text: chatAnswer }] } },
  stopReason: 'end_turn',
  usage: { inputTokens: 220, outputTokens: 11, totalTokens: 231 },
});

/** The same as a server of OpenAI's protocol gives it. */
export const openAiAnswer = JSON.stringify({
  id: 'chatcmpl-bench',
  object: 'chat.completion',
  created: 1_760_000_000,
  model: 'assistant',
  choices: [{ index: 0, message: { role: 'assistant', content: chatAnswer }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 220, completion_tokens: 11, total_tokens: 231 },
});

/** One HTTP/1.1 request as the bytes that go over the wire. */
export function wireRequest(path: string, headers: Record<string, string>, body: string): Buffer {
  const lines = [`POST ${path} HTTP/1.1`, 'host: 127.0.0.1', 'content-type: application/json'];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  lines.push(`content-length: ${Buffer.byteLength(body)}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1');
}

/** Events of one streamed answer. */
export const eventsPerStream = 200;

/** The body that asks for a stream which stays open after its first event. */
export const heldOpen = 'hold';

/** A `PayloadPart` event with the payload "hello ", as AWS SDKs read it. */
export const encodedPart = Buffer.from(
  '0000006f000000596cf7d6a50b3a6576656e742d7479706507000b5061796c6f6164506172740d3a636f6e74656e742d74797065' +
    '0700186170706c69636174696f6e2f6f637465742d73747265616d0d3a6d6573736167652d7479706507000565' +
    '76656e7468656c6c6f20901be2b4',
  'hex',
);
