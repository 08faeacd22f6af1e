import { knownOnly, listAt, numberAt, objectAt, textAt, Untranslatable } from '../untranslatable.ts';
import { type ConverseMessage, conversationOf } from './messages.ts';

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

/** Read here, or by the gateway on the way. */
const known = [
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
  'user',
  'safety_identifier',
  'metadata',
  'prompt_cache_key',
  'logit_bias',
  ...Object.keys(onlyAs),
];

/** The body of Converse that asks what a chat completion's body asks. Throws `Untranslatable` naming the field. */
export function converseOfChat(chat: Chat): object {
  knownOnly('', chat, known);
  for (const [field, values] of Object.entries(onlyAs)) {
    if (chat[field] === undefined || chat[field] === null || values.includes(chat[field])) continue;
    throw new Untranslatable(field, `can only be ${values.join(' or ')} with this model: leave it out.`);
  }
  checkFormats(chat);
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

function checkFormats({ response_format: format, modalities, logit_bias: bias }: Chat): void {
  if (format !== undefined && format !== null && objectAt('response_format', format)['type'] !== 'text')
    throw new Untranslatable(
      'response_format',
      'can only be text with this model: ask for JSON in words, or by a tool.',
    );
  if (modalities !== undefined && modalities !== null && String(modalities) !== 'text')
    throw new Untranslatable('modalities', 'can only be ["text"] with this model.');
  if (bias !== undefined && bias !== null && Object.keys(objectAt('logit_bias', bias)).length > 0)
    throw new Untranslatable('logit_bias', 'cannot be said to this model: leave it out.');
}

const mostTokens = 1_000_000;

function inferenceOf(chat: Chat): Record<string, unknown> {
  const { max_tokens: older, max_completion_tokens: newer, temperature, top_p: topP, stop } = chat;
  const given = (value: unknown) => value !== undefined && value !== null;
  const maxTokens = given(newer) ? newer : older;
  const field = given(newer) ? 'max_completion_tokens' : 'max_tokens';
  return {
    ...(given(maxTokens) && { maxTokens: numberAt(field, maxTokens, 1, mostTokens) }),
    ...(given(temperature) && { temperature: numberAt('temperature', temperature, 0, 1) }),
    ...(given(topP) && { topP: numberAt('top_p', topP, 0, 1) }),
    ...(given(stop) && { stopSequences: stopsOf(stop) }),
  };
}

function stopsOf(stop: unknown): readonly string[] {
  if (typeof stop === 'string') return [stop];
  return listAt('stop', stop).map((each, index) => textAt(`stop[${index}]`, each));
}

function toolsOf({ tools, tool_choice: choice }: Chat, messages: readonly ConverseMessage[]): object | undefined {
  if (tools === undefined || tools === null || listAt('tools', tools).length === 0) {
    if (choice !== undefined && choice !== null && choice !== 'none' && choice !== 'auto')
      throw new Untranslatable('tool_choice', 'there are no tools to choose from.');
    return undefined;
  }
  const toolConfig = { tools: listAt('tools', tools).map(toolSpec) };
  if (choice === 'none') {
    const used = messages.some(({ content }) => content.some(block => 'toolUse' in block || 'toolResult' in block));
    if (!used) return undefined;
    throw new Untranslatable('tool_choice', 'cannot be none while the messages hold calls of tools.');
  }
  if (choice === undefined || choice === null || choice === 'auto') return toolConfig;
  if (choice === 'required') return { ...toolConfig, toolChoice: { any: {} } };
  const { type, function: named } = objectAt('tool_choice', choice);
  if (type !== 'function') throw new Untranslatable('tool_choice', 'must be none, auto, required or a function.');
  const name = textAt('tool_choice.function.name', objectAt('tool_choice.function', named)['name']);
  return { ...toolConfig, toolChoice: { tool: { name } } };
}

function toolSpec(value: unknown, index: number): object {
  const at = `tools[${index}]`;
  const tool = objectAt(at, value);
  if (tool['type'] !== 'function') throw new Untranslatable(`${at}.type`, 'must be function.');
  const it = objectAt(`${at}.function`, tool['function']);
  knownOnly(`${at}.function`, it, ['name', 'description', 'parameters', 'strict']);
  if (it['strict'] === true)
    throw new Untranslatable(`${at}.function.strict`, 'cannot be promised by this model: leave it out.');
  const { name, description, parameters } = it;
  return {
    toolSpec: {
      name: textAt(`${at}.function.name`, name),
      ...(description !== undefined && { description: textAt(`${at}.function.description`, description) }),
      inputSchema: { json: parameters ?? { type: 'object', properties: {} } },
    },
  };
}

/** Bedrock's request metadata takes these characters, 256 of them (service model of Bedrock Runtime). */
const metadataText = /^[a-zA-Z0-9\s:_@$#=/+,.-]{1,256}$/;

function metadataOf({ metadata, user, safety_identifier: safety }: Chat): Record<string, string> {
  const all: Record<string, unknown> = {
    ...(metadata !== undefined && metadata !== null && objectAt('metadata', metadata)),
    ...(user !== undefined && user !== null && { user }),
    ...(safety !== undefined && safety !== null && { safety_identifier: safety }),
  };
  for (const [name, value] of Object.entries(all)) {
    if (typeof value !== 'string' || !metadataText.test(value))
      throw new Untranslatable(name, 'must be 1 to 256 letters, digits, spaces or :_@$#=/+,.- with this model.');
  }
  return all as Record<string, string>;
}
