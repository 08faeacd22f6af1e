import { createHash } from 'node:crypto';
import { eventFrame } from '../event-stream.ts';
import { BedrockError } from './bedrock-error.ts';
import { type Completion, type Prompt, tokensOf } from './text-model.ts';

/** The text models' own format: `{"prompt","max_tokens","stop"}`. */
export function readNative(body: unknown): Prompt {
  const { prompt, max_tokens: maxTokens = 4096, stop = [] } = body as Record<string, unknown>;
  if (typeof prompt !== 'string' || prompt === '')
    throw new BedrockError(
      'ValidationException',
      'Malformed input request: #: required key [prompt] not found, please reformat your input and try again.',
    );
  return {
    read: prompt,
    asked: prompt,
    tools: [],
    toolChoice: 'auto',
    maxTokens: Number(maxTokens),
    stopSequences: Array.isArray(stop) ? stop.map(String) : [],
  };
}

export function nativeAnswer({ tokens, stopReason }: Completion): object {
  return { completion: tokens.join(''), stop_reason: stopReason };
}

/** The `chunk` events of `InvokeModelWithResponseStream`; the last one carries the counts. */
export function nativeEvents(completion: Completion, latencyMs: number): readonly Buffer[] {
  const { tokens, stopReason, inputTokens, outputTokens } = completion;
  const metrics = {
    inputTokenCount: inputTokens,
    outputTokenCount: outputTokens,
    invocationLatency: latencyMs,
    firstByteLatency: latencyMs,
  };
  const last = { completion: '', stop_reason: stopReason, 'amazon-bedrock-invocationMetrics': metrics };
  return [...tokens.map(completion => ({ completion })), last].map(chunk);
}

function chunk(value: object): Buffer {
  return eventFrame('chunk', { bytes: Buffer.from(JSON.stringify(value)).toString('base64'), p: 'abcdefgh' });
}

const defaultDimensions = 1024;

/** Titan's text embeddings: `{"inputText","dimensions","normalize"}`; the vector depends on the words alone. */
export function embed(body: unknown): { readonly answer: object; readonly inputTokens: number } {
  const { inputText, dimensions = defaultDimensions } = body as Record<string, unknown>;
  if (typeof inputText !== 'string' || inputText === '')
    throw new BedrockError(
      'ValidationException',
      'Malformed input request: expected minLength: 1, actual: 0, please reformat your input and try again.',
    );
  const size = Number(dimensions);
  if (![256, 512, 1024].includes(size))
    throw new BedrockError(
      'ValidationException',
      `Malformed input request: #/dimensions: ${String(dimensions)} is not a valid enum value, please reformat your input and try again.`,
    );
  const tokens = tokensOf(inputText);
  const embedding = unit(
    sum(
      tokens.map(word => direction(word, size)),
      size,
    ),
  );
  return { answer: { embedding, inputTextTokenCount: tokens.length }, inputTokens: tokens.length };
}

/** A fixed direction for each word. */
function direction(word: string, size: number): number[] {
  const bytes = createHash('shake256', { outputLength: size }).update(word.trim().toLowerCase()).digest();
  return [...bytes].map(byte => byte - 127.5);
}

function sum(vectors: readonly (readonly number[])[], size: number): number[] {
  return Array.from({ length: size }, (_, at) => vectors.reduce((total, vector) => total + (vector[at] ?? 0), 0));
}

function unit(vector: readonly number[]): number[] {
  const length = Math.hypot(...vector) || 1;
  return vector.map(value => value / length);
}
