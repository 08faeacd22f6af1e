import type { Usage } from '../../core/result.ts';

/** What a completion says of itself. */
export interface Completion {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly created: number;
  /** As the caller knows it. */
  readonly model: string;
}

/** A Converse answer, as far as it is translated. */
interface ConverseAnswer {
  readonly output?: { readonly message?: { readonly content?: readonly ContentBlock[] } };
  readonly stopReason?: string;
}

interface ContentBlock {
  readonly text?: string;
  readonly toolUse?: { readonly toolUseId: string; readonly name: string; readonly input: unknown };
  readonly reasoningContent?: { readonly reasoningText?: { readonly text?: string } };
}

const finishReasons: Readonly<Record<string, string>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  tool_use: 'tool_calls',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  guardrail_intervened: 'content_filter',
  content_filtered: 'content_filter',
};

/** Stop reasons of what is no completion: OpenAI has no word for them, and `stop` would say that all is well. */
const malformed: Readonly<Record<string, string>> = {
  malformed_tool_use:
    'The model called a tool in a way that cannot be read: repeat the call, or describe its tools otherwise.',
  malformed_model_output: 'The model wrote what cannot be read: repeat the call.',
};

/** Why an answer that stopped so is no completion, if it is none. */
export function malformedBy(stopReason: unknown): string | undefined {
  return typeof stopReason === 'string' && Object.hasOwn(malformed, stopReason) ? malformed[stopReason] : undefined;
}

/** OpenAI's word for why a model stopped. */
export function finishReason(stopReason: string | undefined): string {
  return finishReasons[stopReason ?? ''] ?? 'stop';
}

/** OpenAI counts what was read from a cache, or written to it, as part of the prompt. */
export function chatUsage({ inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens }: Usage): object {
  const promptTokens = inputTokens + cacheReadTokens + cacheWriteTokens;
  return {
    prompt_tokens: promptTokens,
    completion_tokens: outputTokens,
    total_tokens: promptTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: cacheReadTokens },
  };
}

/** A chat completion made of a whole Converse answer; undefined when it is none. */
export function chatOfConverse(
  answer: Readonly<Record<string, unknown>> | undefined,
  usage: Usage | undefined,
  { id, created, model }: Completion,
): object | undefined {
  const { output, stopReason } = (answer ?? {}) as ConverseAnswer;
  const content = output?.message?.content;
  if (!Array.isArray(content)) return undefined;
  return {
    id,
    object: 'chat.completion',
    created,
    model,
    choices: [{ index: 0, message: messageOf(content), logprobs: null, finish_reason: finishReason(stopReason) }],
    ...(usage && { usage: chatUsage(usage) }),
  };
}

function messageOf(content: readonly ContentBlock[]): object {
  const texts = content.flatMap(({ text }) => text ?? []);
  const reasoning = content.flatMap(({ reasoningContent }) => reasoningContent?.reasoningText?.text ?? []);
  const calls = content.flatMap(({ toolUse }) => (toolUse === undefined ? [] : [toolUse]));
  return {
    role: 'assistant',
    content: texts.length > 0 ? texts.join('') : null,
    refusal: null,
    ...(reasoning.length > 0 && { reasoning_content: reasoning.join('') }),
    ...(calls.length > 0 && {
      tool_calls: calls.map(({ toolUseId, name, input }) => ({
        id: toolUseId,
        type: 'function',
        function: { name, arguments: JSON.stringify(input) },
      })),
    }),
  };
}
