import type { ChatTemplate } from '../../core/chat-template.ts';
import { commonFields, given, oneTextOnly, stopsOf, tokenLimitOf } from '../chat/request.ts';
import { integerAt, knownOnly, numberAt, Untranslatable } from '../untranslatable.ts';
import { promptOf } from './prompt.ts';

type Chat = Readonly<Record<string, unknown>>;

/** Who calls is no parameter of a generation: it has nowhere to go. */
const known = [...commonFields, 'seed', 'frequency_penalty'];

/** Servers take four (`--max-stop-sequences`), and one is the end of the model's turn. */
const mostStops = 3;
const largestSeed = Number.MAX_SAFE_INTEGER;

/**
 * The body of Text Generation Inference's `generate` that asks what a chat completion's body asks. Throws
 * `Untranslatable` naming the field. Names and bounds: `GenerateParameters` of its API.
 */
export function generateOf(
  chat: Chat,
  template: ChatTemplate,
): { readonly inputs: string; readonly stops: readonly string[]; readonly body: object } {
  knownOnly('', chat, known);
  const { frequency_penalty: penalty, ...others } = chat;
  oneTextOnly(others);
  const { tools, tool_choice: choice, seed, stop } = chat;
  if (given(tools) && !(Array.isArray(tools) && tools.length === 0))
    throw new Untranslatable('tools', 'cannot be said to this model: leave them out.');
  if (given(choice) && choice !== 'none' && choice !== 'auto')
    throw new Untranslatable('tool_choice', 'there are no tools to choose from.');
  const asked = given(stop) ? stopsOf(stop).filter(text => text !== '') : [];
  if (asked.length > mostStops) throw new Untranslatable('stop', `may hold ${mostStops} texts with this model.`);
  const inputs = promptOf(chat['messages'], template);
  const stops = [template.end, ...asked];
  const maxTokens = tokenLimitOf(chat);
  const parameters = {
    details: true,
    return_full_text: false,
    stop: stops,
    ...(maxTokens !== undefined && { max_new_tokens: maxTokens }),
    ...samplingOf(chat),
    ...(given(seed) && { seed: integerAt('seed', seed, 0, largestSeed) }),
    ...(given(penalty) && penalty !== 0 && { frequency_penalty: numberAt('frequency_penalty', penalty, -2, 2) }),
  };
  return { inputs, stops, body: { inputs, parameters, ...(chat['stream'] === true && { stream: true }) } };
}

/** A temperature of 0 is asked for by not sampling, and all of the probability by not cutting it. */
function samplingOf({ temperature, top_p: topP }: Chat): object {
  const heat = given(temperature) ? numberAt('temperature', temperature, 0, 2) : undefined;
  const share = given(topP) ? numberAt('top_p', topP, 0, 1) : 1;
  if (share === 0) throw new Untranslatable('top_p', 'must be above 0 with this model.');
  return {
    do_sample: heat !== 0,
    ...(heat !== undefined && heat > 0 && { temperature: heat }),
    ...(share < 1 && { top_p: share }),
  };
}
