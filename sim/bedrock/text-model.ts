/** What a text model is asked, whichever operation it came by. */
export interface Prompt {
  /** Everything the model reads, for counting. */
  readonly read: string;
  /** The newest text of the user's. */
  readonly asked: string;
  readonly tools: readonly Tool[];
  /** Set when the newest message brings a tool's result: its text. */
  readonly toolResult?: string;
  /** `auto` calls a tool when there is one and no result yet; `any` always does. */
  readonly toolChoice: 'auto' | 'any' | { readonly name: string };
  readonly maxTokens: number;
  readonly stopSequences: readonly string[];
}

export interface Tool {
  readonly name: string;
  /** Its input's JSON schema. */
  readonly schema: { readonly properties?: Readonly<Record<string, { readonly type?: unknown }>> };
}

export type StopReason = 'end_turn' | 'tool_use' | 'max_tokens' | 'stop_sequence' | 'guardrail_intervened';

/** What the model wrote: text as its tokens, or the call of a tool. */
export interface Completion {
  readonly tokens: readonly string[];
  readonly toolUse?: { readonly name: string; readonly input: Readonly<Record<string, unknown>> };
  readonly stopReason: StopReason;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Words of up to six letters, numbers of up to three digits, single signs; a leading space belongs to the token. */
const token = / ?(?:[\p{L}\p{M}]{1,6}|\p{N}{1,3}|[^\p{L}\p{M}\p{N}\s])|\s/gu;

/** The text in the model's tokens; joined they are the text again. */
export function tokensOf(text: string): readonly string[] {
  return text.match(token) ?? [];
}

/** A deterministic model: it counts when asked to (`count to 5`), calls the tools it is given, else repeats what it was asked. */
export function complete(prompt: Prompt): Completion {
  const inputTokens = tokensOf(prompt.read).length;
  const tool = chosenTool(prompt);
  if (tool !== undefined) {
    const input = inputFor(tool, prompt.asked);
    const outputTokens = tokensOf(JSON.stringify(input)).length;
    return { tokens: [], toolUse: { name: tool.name, input }, stopReason: 'tool_use', inputTokens, outputTokens };
  }
  const { text, stopReason } = cutAtStop(reply(prompt), prompt.stopSequences);
  const all = tokensOf(text);
  const tokens = all.slice(0, prompt.maxTokens);
  const reason = tokens.length < all.length ? 'max_tokens' : stopReason;
  return { tokens, stopReason: reason, inputTokens, outputTokens: tokens.length };
}

function chosenTool({ tools, toolChoice, toolResult }: Prompt): Tool | undefined {
  if (typeof toolChoice === 'object') return tools.find(({ name }) => name === toolChoice.name);
  return toolChoice === 'any' || toolResult === undefined ? tools[0] : undefined;
}

/** Every property of the schema, filled from the question. */
function inputFor({ schema }: Tool, asked: string): Record<string, unknown> {
  const number = Number(/-?\d+(?:\.\d+)?/.exec(asked)?.[0] ?? 0);
  const filled = (type: unknown): unknown => {
    if (type === 'number') return number;
    if (type === 'integer') return Math.trunc(number);
    if (type === 'boolean') return true;
    if (type === 'array') return [];
    if (type === 'object') return {};
    return asked;
  };
  return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, { type }]) => [name, filled(type)]));
}

function reply({ asked, toolResult }: Prompt): string {
  if (toolResult !== undefined) return `The tool answered: ${toolResult}`;
  const upTo = Number(/\bcount to (\d{1,6})\b/i.exec(asked)?.[1]);
  if (upTo > 0) return Array.from({ length: upTo }, (_, at) => at + 1).join(' ');
  return `You said: ${asked}`;
}

function cutAtStop(text: string, stops: readonly string[]): { text: string; stopReason: StopReason } {
  const first = stops.map(stop => text.indexOf(stop)).filter(at => at >= 0);
  if (first.length === 0) return { text, stopReason: 'end_turn' };
  return { text: text.slice(0, Math.min(...first)), stopReason: 'stop_sequence' };
}
