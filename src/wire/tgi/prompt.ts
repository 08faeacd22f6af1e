import type { ChatTemplate } from '../../core/chat-template.ts';
import { textPartsOf } from '../chat/messages.ts';
import { knownOnly, listAt, objectAt, Untranslatable } from '../untranslatable.ts';

/** OpenAI's roles, as templates know them. */
const roles: Readonly<Record<string, 'system' | 'user' | 'assistant'>> = {
  system: 'system',
  developer: 'system',
  user: 'user',
  assistant: 'assistant',
};

/** What answers carry that says nothing when it is handed back. */
const empty = ['refusal', 'annotations', 'tool_calls'];

/**
 * OpenAI's `messages` as one text that the model goes on from. Throws `Untranslatable`, also for a text that holds what
 * makes turns: who writes it could speak for the system.
 */
export function promptOf(value: unknown, template: ChatTemplate): string {
  let prompt = '';
  let system = '';
  let asked = false;
  for (const [index, each] of listAt('messages', value).entries()) {
    const at = `messages[${index}]`;
    const { role, text } = turnAt(at, objectAt(at, each));
    const mark = template.marks.find(each => text.includes(each));
    if (mark !== undefined)
      throw new Untranslatable(`${at}.content`, `must not hold ${mark}: this model takes it for a turn.`);
    if (role === 'system' && template.system === undefined) {
      if (asked)
        throw new Untranslatable(`${at}.role`, 'a system message comes before the first user’s with this model.');
      system += `${text}\n\n`;
      continue;
    }
    const [before, after] = template[role] ?? template.user;
    prompt += before + (role === 'user' ? system : '') + text + after;
    if (role === 'system') continue;
    system = '';
    asked = true;
  }
  if (!asked) throw new Untranslatable('messages', 'holds no message of a user.');
  return prompt + template.answer;
}

function turnAt(at: string, message: Readonly<Record<string, unknown>>) {
  const role = roles[String(message['role'])];
  if (role === undefined)
    throw new Untranslatable(`${at}.role`, 'must be system, developer, user or assistant with this model.');
  const said = role === 'assistant' ? empty.filter(name => !isEmpty(message[name])) : [];
  if (said[0] !== undefined) throw new Untranslatable(`${at}.${said[0]}`, 'cannot be said to this model.');
  knownOnly(
    at,
    message,
    role === 'assistant' ? ['role', 'content', 'reasoning_content', ...empty] : ['role', 'content'],
  );
  return { role, text: textPartsOf(`${at}.content`, message['content']).join('') };
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}
