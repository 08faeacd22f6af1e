import type { Clock } from '../clock.ts';
import type { FaultBoard } from '../faults.ts';
import type { Principal, Principals } from '../principals.ts';
import { type Random, uuid } from '../random.ts';
import { SignatureError, type SignatureProblem, verifySignature } from '../sigv4.ts';
import type { SignedRequest } from '../sigv4-canonical.ts';
import type { Answer } from '../wire.ts';
import { BedrockError, type BedrockErrorType, isBedrockErrorType } from './bedrock-error.ts';
import { blocked, converseAnswer, converseEvents, readConverse } from './converse.ts';
import { type BedrockModel, idsIn } from './models.ts';
import { embed, nativeAnswer, nativeEvents, readNative } from './native.ts';
import { createQuotas } from './quota.ts';
import { type Completion, complete, type Prompt, tokensOf } from './text-model.ts';

export interface BedrockParts {
  readonly region: string;
  readonly models: readonly BedrockModel[];
  readonly principals: Principals;
  readonly faults: FaultBoard;
  readonly clock: Clock;
  readonly random: Random;
  /** The region's own clock, which a fault may skew. */
  wallMs(): number;
  /** Median time between two tokens, made into this time's, ms. */
  workMs(medianMs: number, model: string): number;
}

export const bedrockOperations = [
  'invoke',
  'invoke-with-response-stream',
  'converse',
  'converse-stream',
  'count-tokens',
] as const;

export interface BedrockCall {
  /** Decoded. */
  readonly modelId: string;
  readonly operation: (typeof bedrockOperations)[number];
}

export interface BedrockService {
  /** The ids that may be called here. */
  readonly ids: readonly string[];
  /** Median time between two events of a model's stream, ms. */
  tokenMs(modelId: string): number;
  /** Answers one call of Bedrock Runtime, errors included. */
  answer(request: SignedRequest, call: BedrockCall): Promise<Answer>;
}

const signatureErrors: Readonly<Record<SignatureProblem, BedrockErrorType>> = {
  missing: 'MissingAuthenticationTokenException',
  incomplete: 'IncompleteSignatureException',
  'unknown-key': 'UnrecognizedClientException',
  'expired-token': 'ExpiredTokenException',
  invalid: 'InvalidSignatureException',
};

const arnId = /^arn:aws:bedrock:[a-z0-9-]+:(?:\d{12})?:(?:foundation-model|inference-profile)\/(.+)$/;
const defaultTokenMs = 4;
/** The one guardrail there is blocks this word. */
const guardrail = { id: 'demo-guardrail', version: '1', word: /\bforbidden\b/i };

/** Bedrock Runtime of one region: signature, permission, quota, then the model. */
export function createBedrockService(parts: BedrockParts): BedrockService {
  const { region, models, clock } = parts;
  const byId = new Map(models.flatMap(model => idsIn(model, region).map(id => [id, model] as const)));
  const quotas = createQuotas(clock);
  const service = async (request: SignedRequest, call: BedrockCall): Promise<Answer> => {
    const principal = authenticate(request, parts);
    const id = arnId.exec(call.modelId)?.[1] ?? call.modelId;
    authorize(principal, region, id);
    const model = find(models, byId, id);
    throwFault(parts.faults, region, id);
    if (model.requestsPerMinute !== undefined && !quotas.take(`${principal.account}/${id}`, model.requestsPerMinute))
      throw new BedrockError('ThrottlingException', 'Too many requests, please wait before trying again.');
    return run(parts, model, id, call.operation, request);
  };
  return {
    ids: [...byId.keys()],
    tokenMs: id => byId.get(arnId.exec(id)?.[1] ?? id)?.tokenMs ?? defaultTokenMs,
    answer: async (request, call) => {
      try {
        return await service(request, call);
      } catch (error) {
        if (error instanceof BedrockError) return error.answer();
        throw error;
      }
    },
  };
}

function authenticate(request: SignedRequest, { region, principals, wallMs }: BedrockParts): Principal {
  try {
    return verifySignature(request, { region, service: 'bedrock' }, wallMs(), principals);
  } catch (error) {
    throw error instanceof SignatureError ? new BedrockError(signatureErrors[error.problem], error.message) : error;
  }
}

function authorize({ mayInvoke, arn }: Principal, region: string, id: string): void {
  if (mayInvoke) return;
  const resource = `arn:aws:bedrock:${region}::foundation-model/${id}`;
  throw new BedrockError(
    'AccessDeniedException',
    `User: ${arn} is not authorized to perform: bedrock:InvokeModel on resource: ${resource} because no identity-based policy allows the bedrock:InvokeModel action`,
  );
}

function find(models: readonly BedrockModel[], byId: ReadonlyMap<string, BedrockModel>, id: string): BedrockModel {
  const model = byId.get(id);
  if (model !== undefined) return model;
  const profileOnly = models.some(other => other.id === id && !other.onDemand);
  throw new BedrockError(
    'ValidationException',
    profileOnly
      ? `Invocation of model ID ${id} with on-demand throughput isn’t supported. Retry your request with the ID or ARN of an inference profile that contains this model.`
      : 'The provided model identifier is invalid.',
  );
}

function throwFault(faults: FaultBoard, region: string, id: string): void {
  if (faults.hit(region, 'throttle', id))
    throw new BedrockError('ThrottlingException', 'Too many tokens, please wait before trying again.');
  if (faults.hit(region, 'flap', id)?.endpoint !== undefined)
    throw new BedrockError('ServiceUnavailableException', 'Bedrock is unable to process your request.');
  const fault = faults.hit(region, 'error', id);
  if (fault === undefined) return;
  const type = bedrockName[fault.errorType ?? ''] ?? fault.errorType ?? 'InternalServerException';
  const members = type === 'ModelErrorException' ? { originalStatusCode: 500, resourceName: id } : {};
  throw new BedrockError(isBedrockErrorType(type) ? type : 'InternalServerException', 'injected fault', members);
}

/** What SageMaker's errors are called here. */
const bedrockName: Readonly<Record<string, BedrockErrorType>> = {
  InternalFailure: 'InternalServerException',
  ServiceUnavailable: 'ServiceUnavailableException',
  ValidationError: 'ValidationException',
  ModelError: 'ModelErrorException',
  InternalDependencyException: 'InternalServerException',
  IncompleteSignature: 'IncompleteSignatureException',
};

async function run(
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
  await new Promise<void>(resolve => parts.clock.after(latencyMs, resolve));
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
