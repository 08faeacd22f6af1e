import type { Clock } from '../clock.ts';
import type { FaultBoard } from '../faults.ts';
import type { Principal, Principals } from '../principals.ts';
import type { Random } from '../random.ts';
import { SignatureError, type SignatureProblem, verifySignature } from '../sigv4.ts';
import type { SignedRequest } from '../sigv4-canonical.ts';
import type { Answer } from '../wire.ts';
import { BedrockError, type BedrockErrorType, isBedrockErrorType } from './bedrock-error.ts';
import { type BedrockModel, idsIn } from './models.ts';
import { defaultTokenMs, run } from './operations.ts';
import { createQuotas } from './quota.ts';

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
