import type { StreamEvent, Usage } from '../core/result.ts';
import { BrokenSse, SseDecoder } from '../wire/chat/sse.ts';
import { parseObject } from '../wire/json-object.ts';
import { usageIn } from './bedrock-usage.ts';
import { toldFailure } from './told-failure.ts';

/** Reads a chat completion's stream as servers of OpenAI's protocol write it. Made anew for each stream. */
export interface ChatChunkReader {
  /** Throws `BrokenSse`, or `ToldFailure` for an error that the server wrote into the stream. */
  read(bytes: Buffer): StreamEvent[];
  /** Throws `BrokenSse` when the stream was not whole. */
  end(): void;
  usage(): Usage | undefined;
  /** Of an event that is not whole yet, in characters. */
  readonly held: number;
}

/** @param passCounts whether the caller asked for the last chunk, which only counts */
export function chatChunkReader(maxBytes: number, passCounts: boolean): ChatChunkReader {
  const decoder = new SseDecoder(maxBytes);
  let usage: Usage | undefined;
  return {
    read: bytes =>
      decoder.push(bytes).flatMap(data => {
        const frame = Buffer.from(data);
        const chunk = parseObject(frame);
        if (chunk === undefined) throw new BrokenSse('a chunk that is no JSON object');
        if (chunk['error'] !== undefined) throw toldFailure(chunk);
        usage = usageOfChat(chunk) ?? usage;
        const counts = Array.isArray(chunk['choices']) && chunk['choices'].length === 0;
        return counts && !passCounts ? [] : [{ payload: Buffer.from(contentOf(chunk)), frame }];
      }),
    end: () => decoder.end(),
    get held() {
      return decoder.held;
    },
    usage: () => usage,
  };
}

/** Token counts of a chat completion, whole or the last chunk of one. */
export function usageOfChat(answer: Readonly<Record<string, unknown>> | undefined): Usage | undefined {
  const counts = answer?.['usage'];
  const names = {
    inputTokens: 'prompt_tokens',
    outputTokens: 'completion_tokens',
    cacheReadTokens: '',
    cacheWriteTokens: '',
  };
  const usage = usageIn(counts, names);
  if (usage === undefined) return undefined;
  const details = (counts as { readonly prompt_tokens_details?: unknown }).prompt_tokens_details;
  const cached = usageIn(details, { ...names, inputTokens: 'cached_tokens' })?.inputTokens ?? 0;
  return { ...usage, inputTokens: usage.inputTokens - cached, cacheReadTokens: cached };
}

/** What the model wrote in a chunk, of whatever kind. */
function contentOf(chunk: Readonly<Record<string, unknown>>): string {
  const [choice] = (Array.isArray(chunk['choices']) ? chunk['choices'] : []) as { readonly delta?: unknown }[];
  const { content, reasoning_content: reasoning, tool_calls: calls } = (choice?.delta ?? {}) as Record<string, unknown>;
  if (typeof content === 'string' && content !== '') return content;
  if (typeof reasoning === 'string' && reasoning !== '') return reasoning;
  return calls === undefined || calls === null ? '' : JSON.stringify(calls);
}
