import type { Clock } from '../core/clock.ts';
import type { InferenceRequest } from '../core/request.ts';
import type { Completion } from '../wire/chat/answer.ts';

/**
 * The body of a chat or embeddings call for a server of OpenAI's protocol: the model as it is called there (as here, and
 * never by a caller's alias, where nothing says otherwise), and for streams the counts, which are metered even where the
 * caller does not ask for them.
 */
export function openAiBody(request: InferenceRequest, model = request.model): Buffer {
  const { json = {}, operation, streaming } = request;
  const counted = operation === 'chat' && streaming === true;
  const options = json['stream_options'];
  return Buffer.from(
    JSON.stringify({
      ...json,
      model,
      ...(counted && { stream_options: { ...(typeof options === 'object' && options), include_usage: true } }),
    }),
  );
}

/** Whether the caller of a streamed chat completion wants the last chunk, which counts. */
export function includesUsage({ json = {} }: InferenceRequest): boolean {
  const options = json['stream_options'];
  return (
    typeof options === 'object' && options !== null && 'include_usage' in options && options.include_usage === true
  );
}

/** What a completion that is made here says of itself. */
export function completionOf({ clock }: { readonly clock: Clock }, { id, model }: InferenceRequest): Completion {
  return { id: `chatcmpl-${id}`, created: Math.floor(clock.wallMs() / 1_000), model };
}
