import type { Usage } from '../../core/result.ts';
import { type Completion, chatUsage, finishReason } from './answer.ts';

/** One chunk of a streamed chat completion. */
export interface Chunk {
  readonly json: object;
  /** What the model wrote in it; empty for chunks that only begin, end or count. */
  readonly content: string;
}

/** The members of ConverseStream's events that are translated. */
interface ConverseEvent {
  readonly contentBlockIndex?: number;
  readonly start?: { readonly toolUse?: { readonly toolUseId: string; readonly name: string } };
  readonly delta?: {
    readonly text?: string;
    readonly toolUse?: { readonly input?: string };
    readonly reasoningContent?: { readonly text?: string };
  };
  readonly stopReason?: string;
}

/**
 * Makes the chunks of a chat completion of a ConverseStream's events.
 * @param includeUsage whether the last chunk tells the counts, as `stream_options.include_usage` asks
 */
export function chatChunks({ id, created, model }: Completion, includeUsage: boolean) {
  /** Tool calls have a numbering of their own. */
  const toolIndexes = new Map<number, number>();
  const chunk = (delta: object, content = '', finish: string | null = null): Chunk => ({
    json: {
      id,
      object: 'chat.completion.chunk',
      created,
      model,
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
      ...(includeUsage && { usage: null }),
    },
    content,
  });
  const toolChunk = (block: number, call: object, content: string): Chunk => {
    const index = toolIndexes.get(block) ?? toolIndexes.size;
    toolIndexes.set(block, index);
    return chunk({ tool_calls: [{ index, ...call }] }, content);
  };
  return {
    /** The chunk of one event, if it makes one. */
    of(type: string | undefined, event: ConverseEvent): Chunk | undefined {
      const { contentBlockIndex: block = 0, start, delta } = event;
      if (type === 'messageStart') return chunk({ role: 'assistant', content: '' });
      if (type === 'contentBlockStart' && start?.toolUse !== undefined) {
        const { toolUseId, name } = start.toolUse;
        return toolChunk(block, { id: toolUseId, type: 'function', function: { name, arguments: '' } }, name);
      }
      if (type === 'contentBlockDelta' && delta !== undefined) return deltaChunk(delta, block);
      return type === 'messageStop' ? chunk({}, '', finishReason(event.stopReason)) : undefined;
    },
    /** The last chunk, where it is asked for. */
    counts(usage: Usage): Chunk | undefined {
      if (!includeUsage) return undefined;
      const json = { id, object: 'chat.completion.chunk', created, model, choices: [], usage: chatUsage(usage) };
      return { json, content: '' };
    },
  };

  function deltaChunk(delta: NonNullable<ConverseEvent['delta']>, block: number): Chunk | undefined {
    if (delta.text !== undefined) return chunk({ content: delta.text }, delta.text);
    const input = delta.toolUse?.input;
    if (input !== undefined) return toolChunk(block, { function: { arguments: input } }, input);
    const reasoning = delta.reasoningContent?.text;
    return reasoning === undefined ? undefined : chunk({ reasoning_content: reasoning }, reasoning);
  }
}
