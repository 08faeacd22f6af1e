import { deepestJson, jsonSize } from '../json-size.ts';
import { knownOnly, listAt, objectAt, textAt, Untranslatable } from '../untranslatable.ts';

/** A content block of Converse. */
export type Block = Readonly<Record<string, unknown>>;

/** A message of Converse. */
export interface ConverseMessage {
  readonly role: 'user' | 'assistant';
  readonly content: readonly Block[];
}

/** A conversation as Converse has it: the system's texts apart, and users and assistants taking turns. */
export interface Conversation {
  readonly system: readonly Block[];
  readonly messages: readonly ConverseMessage[];
}

/** Puts OpenAI's `messages` into Converse's form. Throws `Untranslatable`. */
export function conversationOf(value: unknown): Conversation {
  const system: Block[] = [];
  const messages: { role: ConverseMessage['role']; content: Block[] }[] = [];
  const add = (role: ConverseMessage['role'], content: readonly Block[]) => {
    const last = messages.at(-1);
    if (last?.role !== role) messages.push({ role, content: [...content] });
    else for (const block of content) last.content.push(block); // not spread: arguments have to fit on the stack
  };
  for (const [index, each] of listAt('messages', value).entries()) {
    const at = `messages[${index}]`;
    const message = objectAt(at, each);
    switch (message['role']) {
      case 'system':
      case 'developer':
        knownOnly(at, message, ['role', 'content']);
        for (const block of contentOf(`${at}.content`, message['content'], textOnly)) system.push(block);
        break;
      case 'user':
        knownOnly(at, message, ['role', 'content']);
        add('user', contentOf(`${at}.content`, message['content'], userPart));
        break;
      case 'assistant':
        add('assistant', assistantBlocks(at, message));
        break;
      case 'tool':
        knownOnly(at, message, ['role', 'content', 'tool_call_id']);
        add('user', [toolResult(at, message)]);
        break;
      default:
        throw new Untranslatable(`${at}.role`, 'must be system, developer, user, assistant or tool.');
    }
  }
  if (messages.length === 0) throw new Untranslatable('messages', 'holds no message of a user.');
  return { system, messages };
}

/** A message's content where it can be text only, in pieces. Throws `Untranslatable`. */
export function textPartsOf(at: string, content: unknown): readonly string[] {
  return contentOf(at, content, textOnly).map(({ text }) => String(text));
}

type ReadPart = (at: string, part: Readonly<Record<string, unknown>>) => Block;

function contentOf(at: string, content: unknown, read: ReadPart): Block[] {
  if (typeof content === 'string') return content === '' ? [] : [{ text: content }];
  return listAt(at, content).map((part, index) => read(`${at}[${index}]`, objectAt(`${at}[${index}]`, part)));
}

function textOnly(at: string, part: Readonly<Record<string, unknown>>): Block {
  if (part['type'] !== 'text') throw new Untranslatable(`${at}.type`, 'must be text here.');
  knownOnly(at, part, ['type', 'text']);
  return { text: textAt(`${at}.text`, part['text']) };
}

function userPart(at: string, part: Readonly<Record<string, unknown>>): Block {
  if (part['type'] === 'text') return textOnly(at, part);
  if (part['type'] !== 'image_url') throw new Untranslatable(`${at}.type`, 'must be text or image_url.');
  knownOnly(at, part, ['type', 'image_url']);
  const image = objectAt(`${at}.image_url`, part['image_url']);
  knownOnly(`${at}.image_url`, image, ['url', 'detail']);
  if (image['detail'] !== undefined && image['detail'] !== null && image['detail'] !== 'auto')
    throw new Untranslatable(`${at}.image_url.detail`, 'cannot be chosen with this model: leave it out.');
  const [, format, bytes] =
    /^data:image\/(png|jpeg|gif|webp);base64,([A-Za-z0-9+/]+={0,2})$/.exec(String(image['url'])) ?? [];
  if (format === undefined)
    throw new Untranslatable(`${at}.image_url.url`, 'must be a data URL of a png, jpeg, gif or webp in base64.');
  return { image: { format, source: { bytes } } };
}

function assistantBlocks(at: string, message: Readonly<Record<string, unknown>>): Block[] {
  knownOnly(at, message, ['role', 'content', 'tool_calls', 'refusal', 'annotations', 'reasoning_content']);
  const { content, tool_calls: calls, refusal, annotations } = message;
  // Answers are handed back as they came: an empty list says nothing, and a refusal is what the model said.
  if (annotations !== null && annotations !== undefined && listAt(`${at}.annotations`, annotations).length > 0)
    throw new Untranslatable(`${at}.annotations`, 'cannot be said to this model: leave them out.');
  const texts = content === null || content === undefined ? [] : contentOf(`${at}.content`, content, assistantPart);
  if (refusal !== null && refusal !== undefined) texts.push({ text: textAt(`${at}.refusal`, refusal) });
  const tools = calls === null || calls === undefined ? [] : listAt(`${at}.tool_calls`, calls);
  return [
    ...texts,
    ...tools.map((call, index) => toolUse(`${at}.tool_calls[${index}]`, objectAt(`${at}.tool_calls[${index}]`, call))),
  ];
}

function assistantPart(at: string, part: Readonly<Record<string, unknown>>): Block {
  if (part['type'] !== 'refusal') return textOnly(at, part);
  knownOnly(at, part, ['type', 'refusal']);
  return { text: textAt(`${at}.refusal`, part['refusal']) };
}

function toolUse(at: string, call: Readonly<Record<string, unknown>>): Block {
  if (call['type'] !== 'function') throw new Untranslatable(`${at}.type`, 'must be function.');
  knownOnly(at, call, ['id', 'type', 'function', 'index']); // as gathered from a stream: its place is its index
  const called = objectAt(`${at}.function`, call['function']);
  knownOnly(`${at}.function`, called, ['name', 'arguments']);
  const { name, arguments: text } = called;
  return {
    toolUse: {
      toolUseId: textAt(`${at}.id`, call['id']),
      name: textAt(`${at}.function.name`, name),
      input: argumentsOf(`${at}.function.arguments`, textAt(`${at}.function.arguments`, text)),
    },
  };
}

function argumentsOf(at: string, text: string): unknown {
  if (text === '') return {};
  if (jsonSize(Buffer.from(text)).depth > deepestJson)
    throw new Untranslatable(at, `must not nest deeper than ${deepestJson} levels.`);
  try {
    return objectAt(at, JSON.parse(text));
  } catch (error) {
    if (error instanceof Untranslatable) throw error;
    throw new Untranslatable(at, 'must be JSON.');
  }
}

function toolResult(at: string, message: Readonly<Record<string, unknown>>): Block {
  const content = contentOf(`${at}.content`, message['content'], textOnly);
  const toolUseId = textAt(`${at}.tool_call_id`, message['tool_call_id']);
  return { toolResult: { toolUseId, content: content.length > 0 ? content : [{ text: '' }] } };
}
