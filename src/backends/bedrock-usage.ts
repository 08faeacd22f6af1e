import type { Answer, Usage } from '../core/result.ts';
import { parseObject } from '../wire/json-object.ts';

/** Token counts as InvokeModel's answers carry them beside the body; undefined when there are none. */
export function usageOfHeaders(headers: Answer['headers']): Usage | undefined {
  const count = (name: string) => Number(headers[`x-amzn-bedrock-${name}-token-count`] ?? Number.NaN);
  const inputTokens = count('input');
  if (Number.isNaN(inputTokens)) return undefined;
  return {
    inputTokens,
    outputTokens: count('output') || 0,
    cacheReadTokens: count('cache-read-input') || 0,
    cacheWriteTokens: count('cache-write-input') || 0,
  };
}

/** Token counts of a whole Converse answer. */
export function usageOfBody(_: Answer['headers'], body: Buffer): Usage | undefined {
  const parsed = parseObject(body);
  return parsed === undefined ? undefined : usageIn(parsed['usage'], converseNames);
}

/** How Converse spells the counts. */
export const converseNames = {
  inputTokens: 'inputTokens',
  outputTokens: 'outputTokens',
  cacheReadTokens: 'cacheReadInputTokens',
  cacheWriteTokens: 'cacheWriteInputTokens',
} as const satisfies Record<keyof Usage, string>;

/** How the last chunk of InvokeModelWithResponseStream spells them. */
export const chunkNames = {
  inputTokens: 'inputTokenCount',
  outputTokens: 'outputTokenCount',
  cacheReadTokens: 'cacheReadInputTokenCount',
  cacheWriteTokens: 'cacheWriteInputTokenCount',
} as const satisfies Record<keyof Usage, string>;

/** The counts in an object that spells them so; undefined unless it tells the input's. */
export function usageIn(counts: unknown, names: Readonly<Record<keyof Usage, string>>): Usage | undefined {
  if (typeof counts !== 'object' || counts === null) return undefined;
  const values = counts as Readonly<Record<string, unknown>>;
  const count = (name: keyof Usage) => {
    const value = values[names[name]];
    return typeof value === 'number' && value >= 0 ? value : 0;
  };
  if (typeof values[names.inputTokens] !== 'number') return undefined;
  return {
    inputTokens: count('inputTokens'),
    outputTokens: count('outputTokens'),
    cacheReadTokens: count('cacheReadTokens'),
    cacheWriteTokens: count('cacheWriteTokens'),
  };
}
