import { sleep } from '../clock.ts';
import { uuid } from '../random.ts';
import type { SignedRequest } from '../sigv4-canonical.ts';
import type { Answer } from '../wire.ts';
import { BedrockError } from './bedrock-error.ts';
import type { BedrockCall, BedrockParts } from './bedrock-service.ts';
import { blocked, converseAnswer, converseEvents, readConverse } from './converse.ts';
import type { BedrockModel } from './models.ts';
import { embed, nativeAnswer, nativeEvents, readNative } from './native.ts';
import { type Completion, complete, type Prompt, tokensOf } from './text-model.ts';

/** Median time between two tokens, unless the model says otherwise, ms. */
export const defaultTokenMs = 4;
/** The one guardrail there is blocks this word. */
const guardrail = { id: 'demo-guardrail', version: '1', word: /\bforbidden\b/i };

/** Runs an operation of a model that the caller may call. Throws BedrockError. */
export async function run(
  parts: BedrockParts,
  model: BedrockModel,
  id: string,
  operation: BedrockCall['operation'],
  request: SignedRequest,
): Promise<Answer> {
  const body = parse(request.body);
  if (model.does === 'embedding') return embedding(operation, body);
  if (operation === 'count-tokens') return countTokens(body);
  const converse = operation === 'converse' || operation === 'converse-stream';
  const prompt = converse ? readConverse(body) : readNative(body);
  const completion = guarded(prompt, complete(prompt), request, body);
  const toolUseId = `tooluse_${uuid(parts.random)}`;
  const latencyMs = Math.round(parts.workMs((model.tokenMs ?? defaultTokenMs) * completion.outputTokens, id));
  if (operation === 'converse-stream') return streamed(converseEvents(completion, toolUseId, latencyMs), {});
  if (operation === 'invoke-with-response-stream')
    return streamed(nativeEvents(completion, latencyMs), { 'X-Amzn-Bedrock-Content-Type': 'application/json' });
  await sleep(parts.clock, latencyMs);
  if (operation === 'converse') return json(converseAnswer(completion, toolUseId, latencyMs));
  return json(nativeAnswer(completion), tokenCounts(completion, latencyMs));
}

function parse(bytes: Buffer): unknown {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // answered below, as Bedrock words it
  }
  throw new BedrockError('ValidationException', 'Malformed input request, please reformat your input and try again.');
}

function embedding(operation: BedrockCall['operation'], body: unknown): Answer {
  if (operation !== 'invoke')
    throw new BedrockError(
      'ValidationException',
      'This action doesn’t support the model that you provided. Try again with a supported text or chat model.',
    );
  const { answer, inputTokens } = embed(body);
  return json(answer, tokenCounts({ inputTokens, outputTokens: 0 }, 1));
}

function countTokens(body: unknown): Answer {
  const { input } = body as { input?: { invokeModel?: { body?: string }; converse?: unknown } };
  if (input?.converse !== undefined) return json({ inputTokens: tokensOf(readConverse(input.converse).read).length });
  if (input?.invokeModel?.body !== undefined) {
    const native = readNative(parse(Buffer.from(input.invokeModel.body, 'base64')));
    return json({ inputTokens: tokensOf(native.read).length });
  }
  throw new BedrockError('ValidationException', 'The input is missing: give invokeModel or converse.');
}

function guarded(prompt: Prompt, completion: Completion, { headers }: SignedRequest, body: unknown): Completion {
  const { guardrailConfig } = body as { guardrailConfig?: { guardrailIdentifier?: string; guardrailVersion?: string } };
  const id = guardrailConfig?.guardrailIdentifier ?? headers['x-amzn-bedrock-guardrailidentifier']?.[0];
  const version = guardrailConfig?.guardrailVersion ?? headers['x-amzn-bedrock-guardrailversion']?.[0];
  if (id === undefined) return completion;
  if (id !== guardrail.id || version !== guardrail.version)
    throw new BedrockError(
      'ValidationException',
      'The guardrail identifier or version provided in the request does not exist.',
    );
  return guardrail.word.test(prompt.asked) ? blocked(completion) : completion;
}

function tokenCounts(
  { inputTokens, outputTokens }: Pick<Completion, 'inputTokens' | 'outputTokens'>,
  latencyMs: number,
) {
  return {
    'X-Amzn-Bedrock-Input-Token-Count': String(inputTokens),
    'X-Amzn-Bedrock-Output-Token-Count': String(outputTokens),
    'X-Amzn-Bedrock-Invocation-Latency': String(latencyMs),
  };
}

function json(value: object, headers: Record<string, string> = {}): Answer {
  return {
    status: 200,
    headers: { 'Content-Type': 'application/json', ...headers },
    body: Buffer.from(JSON.stringify(value)),
  };
}

function streamed(frames: readonly Buffer[], headers: Record<string, string>): Answer {
  const contentType = 'application/vnd.amazon.eventstream';
  return { status: 200, headers: { 'Content-Type': contentType, ...headers }, body: Buffer.concat(frames), frames };
}
