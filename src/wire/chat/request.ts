import { isDeepStrictEqual } from 'node:util';
import { integerAt, knownOnly, listAt, numberAt, objectAt, textAt, Untranslatable } from '../untranslatable.ts';
import { type ConverseMessage, conversationOf } from './messages.ts';
import { metadataOf } from './metadata.ts';

/** OpenAI's body as it was sent. */
type Chat = Readonly<Record<string, unknown>>;

/** Fields that say nothing beside their one value: that is accepted, any other refused. */
const onlyAs: Readonly<Record<string, readonly unknown[]>> = {
  n: [1],
  logprobs: [false],
  frequency_penalty: [0],
  presence_penalty: [0],
  store: [false],
  parallel_tool_calls: [true],
  service_tier: ['auto', 'default'],
};

/** Whether a field says anything. */
export function given(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** Fields of a chat completion that are read here, or by the gateway on the way, whatever the model. */
export const commonFields = [
  'model',
  'messages',
  'stream',
  'stream_options',
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'stop',
  'tools',
  'tool_choice',
  'response_format',
  'modalities',
  'prompt_cache_key',
  'logit_bias',
  ...Object.keys(onlyAs),
];

const known = [...commonFields, 'user', 'safety_identifier', 'metadata'];

/** The body of Converse that asks what a chat completion's body asks. Throws `Untranslatable` naming the field. */
export function converseOfChat(chat: Chat): object {
  knownOnly('', chat, known);
  oneTextOnly(chat);
  const { system, messages } = conversationOf(chat['messages']);
  const inferenceConfig = inferenceOf(chat);
  const toolConfig = toolsOf(chat, messages);
  const requestMetadata = metadataOf(chat);
  return {
    messages,
    ...(system.length > 0 && { system }),
    ...(Object.keys(inferenceConfig).length > 0 && { inferenceConfig }),
    ...(toolConfig && { toolConfig }),
    ...(Object.keys(requestMetadata).length > 0 && { requestMetadata }),
  };
}

/** Refuses what asks for more than one text, or for anything but text. Throws `Untranslatable`. */
export function oneTextOnly(chat: Chat): void {
  for (const [field, values] of Object.entries(onlyAs)) {
    if (!given(chat[field]) || values.includes(chat[field])) continue;
    throw new Untranslatable(field, `can only be ${values.join(' or ')} with this model: leave it out.`);
  }
  checkFormats(chat);
  checkStreamOptions(chat);
}

function checkFormats({ response_format: format, modalities, logit_bias: bias }: Chat): void {
  if (given(format) && objectAt('response_format', format)['type'] !== 'text')
    throw new Untranslatable(
      'response_format',
      'can only be text with this model: ask for JSON in words, or by a tool.',
    );
  if (given(modalities) && !isDeepStrictEqual(modalities, ['text']))
    throw new Untranslatable('modalities', 'can only be ["text"] with this model.');
  if (given(bias) && Object.keys(objectAt('logit_bias', bias)).length > 0)
    throw new Untranslatable('logit_bias', 'cannot be said to this model: leave it out.');
}

/** Only of a streamed answer, as OpenAI has it; what pads chunks against eavesdroppers is not made here. */
function checkStreamOptions({ stream, stream_options: options }: Chat): void {
  if (!given(options)) return;
  const { include_usage: counts, include_obfuscation: pads, ...others } = objectAt('stream_options', options);
  if (stream !== true) throw new Untranslatable('stream_options', 'is only for streams: set stream, or leave it out.');
  knownOnly('stream_options', others, []);
  if (given(counts) && typeof counts !== 'boolean')
    throw new Untranslatable('stream_options.include_usage', 'must be true or false.');
  if (given(pads) && pads !== false)
    throw new Untranslatable('stream_options.include_obfuscation', 'can only be false with this model.');
}

const mostTokens = 1_000_000;

/** How much may be written, by either of its names; undefined where nothing is said. Throws `Untranslatable`. */
export function tokenLimitOf({ max_tokens: older, max_completion_tokens: newer }: Chat): number | undefined {
  if (given(newer) && given(older) && newer !== older)
    throw new Untranslatable('max_tokens', 'says otherwise than max_completion_tokens: leave it out.');
  if (given(newer)) return integerAt('max_completion_tokens', newer, 1, mostTokens);
  return given(older) ? integerAt('max_tokens', older, 1, mostTokens) : undefined;
}

function inferenceOf(chat: Chat): Record<string, unknown> {
  const { temperature, top_p: topP, stop } = chat;
  const maxTokens = tokenLimitOf(chat);
  return {
    ...(maxTokens !== undefined && { maxTokens }),
    ...(given(temperature) && { temperature: numberAt('temperature', temperature, 0, 1) }),
    ...(given(topP) && { topP: numberAt('top_p', topP, 0, 1) }),
    ...(given(stop) && { stopSequences: stopsOf(stop) }),
  };
}

/** The texts a completion ends before. Throws `Untranslatable`. */
export function stopsOf(stop: unknown): readonly string[] {
  if (typeof stop === 'string') return [stop];
  return listAt('stop', stop).map((each, index) => textAt(`stop[${index}]`, each));
}

function toolsOf({ tools, tool_choice: choice }: Chat, messages: readonly ConverseMessage[]): object | undefined {
  if (!given(tools) || listAt('tools', tools).length === 0) {
    if (given(choice) && choice !== 'none' && choice !== 'auto')
      throw new Untranslatable('tool_choice', 'there are no tools to choose from.');
    return undefined;
  }
  const toolConfig = { tools: listAt('tools', tools).map(toolSpec) };
  if (choice === 'none') {
    const used = messages.some(({ content }) => content.some(block => 'toolUse' in block || 'toolResult' in block));
    if (!used) return undefined;
    throw new Untranslatable('tool_choice', 'cannot be none while the messages hold calls of tools.');
  }
  if (!given(choice) || choice === 'auto') return toolConfig;
  if (choice === 'required') return { ...toolConfig, toolChoice: { any: {} } };
  const { type, function: named, ...others } = objectAt('tool_choice', choice);
  if (type !== 'function') throw new Untranslatable('tool_choice', 'must be none, auto, required or a function.');
  knownOnly('tool_choice', others, []);
  const chosen = objectAt('tool_choice.function', named);
  knownOnly('tool_choice.function', chosen, ['name']);
  const name = textAt('tool_choice.function.name', chosen['name']);
  return { ...toolConfig, toolChoice: { tool: { name } } };
}

function toolSpec(value: unknown, index: number): object {
  const at = `tools[${index}]`;
  const tool = objectAt(at, value);
  if (tool['type'] !== 'function') throw new Untranslatable(`${at}.type`, 'must be function.');
  knownOnly(at, tool, ['type', 'function']);
  const it = objectAt(`${at}.function`, tool['function']);
  knownOnly(`${at}.function`, it, ['name', 'description', 'parameters', 'strict']);
  if (given(it['strict']) && it['strict'] !== false)
    throw new Untranslatable(`${at}.function.strict`, 'cannot be promised by this model: leave it out.');
  const { name, description, parameters } = it;
  return {
    toolSpec: {
      name: textAt(`${at}.function.name`, name),
      ...(given(description) && { description: textAt(`${at}.function.description`, description) }),
      inputSchema: { json: parameters ?? { type: 'object', properties: {} } },
    },
  };
}
