import { eventFrame } from '../event-stream.ts';
import { BedrockError } from './bedrock-error.ts';
import type { Completion, Prompt, Tool } from './text-model.ts';

/** A Converse request as far as the stand-in reads it. */
interface ConverseBody {
  readonly messages?: readonly { readonly role?: string; readonly content?: readonly ContentBlock[] }[];
  readonly system?: readonly { readonly text?: string }[];
  readonly inferenceConfig?: { readonly maxTokens?: number; readonly stopSequences?: readonly string[] };
  readonly toolConfig?: {
    readonly tools?: readonly { readonly toolSpec?: { name: string; inputSchema: { json: Tool['schema'] } } }[];
    readonly toolChoice?: { readonly any?: object; readonly tool?: { readonly name: string } };
  };
}

interface ContentBlock {
  readonly text?: string;
  readonly image?: { readonly format: string; readonly source?: { readonly bytes?: string } };
  readonly toolUse?: { readonly toolUseId: string; readonly name: string; readonly input: unknown };
  readonly toolResult?: { readonly toolUseId: string; readonly content: readonly { text?: string; json?: unknown }[] };
}

const defaultMaxTokens = 4096;

/** Reads the body of Converse and of CountTokens' `converse`; throws ValidationException as Bedrock words it. */
export function readConverse(body: unknown): Prompt {
  const { messages = [], system = [], inferenceConfig = {}, toolConfig = {} } = body as ConverseBody;
  checkMessages(messages);
  const blocks = messages.flatMap(({ content = [] }) => content);
  const last = messages.at(-1)?.content ?? [];
  const toolResult = last.find(block => block.toolResult !== undefined)?.toolResult;
  const choice = toolConfig.toolChoice;
  return {
    read: [...system.map(({ text }) => text ?? ''), ...blocks.map(textOf)].join('\n'),
    asked: last
      .map(({ text }) => text ?? '')
      .join(' ')
      .trim(),
    tools: (toolConfig.tools ?? []).flatMap(({ toolSpec }) =>
      toolSpec === undefined ? [] : [{ name: toolSpec.name, schema: toolSpec.inputSchema.json }],
    ),
    ...(toolResult && { toolResult: toolResult.content.map(part => part.text ?? JSON.stringify(part.json)).join(' ') }),
    toolChoice: choice?.tool !== undefined ? { name: choice.tool.name } : choice?.any !== undefined ? 'any' : 'auto',
    maxTokens: inferenceConfig.maxTokens ?? defaultMaxTokens,
    stopSequences: inferenceConfig.stopSequences ?? [],
  };
}

function checkMessages(messages: NonNullable<ConverseBody['messages']>): void {
  const invalid = (message: string) => new BedrockError('ValidationException', message);
  if (!Array.isArray(messages) || messages.length === 0)
    throw invalid(
      'A conversation must start with a user message. Try again with a conversation that starts with a user message.',
    );
  messages.forEach((message, at) => {
    const expected = at % 2 === 0 ? 'user' : 'assistant';
    if (message.role !== expected)
      throw invalid('A conversation must alternate between user and assistant roles, beginning with user.');
    if (!Array.isArray(message.content) || message.content.length === 0)
      throw invalid(`The content field in the Message object at messages.${at} is empty.`);
  });
}

function textOf({ text, image, toolUse, toolResult }: ContentBlock): string {
  if (text !== undefined) return text;
  if (image !== undefined) return 'image '.repeat(Math.ceil((image.source?.bytes?.length ?? 0) / 1_000));
  return JSON.stringify(toolUse ?? toolResult ?? '');
}

/** A `Converse` answer. */
export function converseAnswer(completion: Completion, toolUseId: string, latencyMs: number): object {
  const { tokens, toolUse, stopReason } = completion;
  const content = toolUse === undefined ? [{ text: tokens.join('') }] : [{ toolUse: { toolUseId, ...toolUse } }];
  return {
    output: { message: { role: 'assistant', content } },
    stopReason,
    usage: usageOf(completion),
    metrics: { latencyMs },
  };
}

/** The events of `ConverseStream`, one delta for each token. */
export function converseEvents(completion: Completion, toolUseId: string, latencyMs: number): readonly Buffer[] {
  const { tokens, toolUse, stopReason } = completion;
  const contentBlockIndex = 0;
  const deltas =
    toolUse === undefined
      ? tokens.map(text => ({ text }))
      : pieces(JSON.stringify(toolUse.input)).map(input => ({ toolUse: { input } }));
  const start = toolUse && { start: { toolUse: { toolUseId, name: toolUse.name } }, contentBlockIndex };
  return [
    eventFrame('messageStart', { role: 'assistant' }),
    ...(start ? [eventFrame('contentBlockStart', start)] : []),
    ...deltas.map(delta => eventFrame('contentBlockDelta', { contentBlockIndex, delta, p: 'abcd' })),
    eventFrame('contentBlockStop', { contentBlockIndex }),
    eventFrame('messageStop', { stopReason }),
    eventFrame('metadata', { usage: usageOf(completion), metrics: { latencyMs } }),
  ];
}

/** What a guardrail puts in the answer's place. */
export function blocked({ inputTokens }: Completion): Completion {
  const tokens = ['Sorry', ',', ' the', ' model', ' cannot', ' answer', ' this', '.'];
  return { tokens, stopReason: 'guardrail_intervened', inputTokens, outputTokens: 0 };
}

function pieces(json: string): string[] {
  return json.match(/.{1,8}/gs) ?? [];
}

function usageOf({ inputTokens, outputTokens }: Completion): object {
  return { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens };
}
