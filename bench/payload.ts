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

/** One HTTP/1.1 request as the bytes that go over the wire. */
export function wireRequest(path: string, headers: Record<string, string>, body: string): Buffer {
  const lines = [`POST ${path} HTTP/1.1`, 'host: 127.0.0.1', 'content-type: application/json'];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  lines.push(`content-length: ${Buffer.byteLength(body)}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1');
}
