import { exceptionFrame } from '../event-stream.ts';
import type { Answer } from '../wire.ts';

/** Error types of Bedrock Runtime and their HTTP status (service model of @aws-sdk/client-bedrock-runtime). */
export const bedrockErrorStatus = {
  AccessDeniedException: 403,
  ResourceNotFoundException: 404,
  ThrottlingException: 429,
  ModelTimeoutException: 408,
  InternalServerException: 500,
  ServiceUnavailableException: 503,
  ValidationException: 400,
  ServiceQuotaExceededException: 400,
  ModelNotReadyException: 429,
  ModelErrorException: 424,
  // Common to all services.
  UnrecognizedClientException: 403,
  InvalidSignatureException: 403,
  ExpiredTokenException: 403,
  MissingAuthenticationTokenException: 403,
  IncompleteSignatureException: 400,
  UnknownOperationException: 404,
} as const;

export type BedrockErrorType = keyof typeof bedrockErrorStatus;

/** An error as Bedrock Runtime answers it. */
export class BedrockError extends Error {
  readonly type: BedrockErrorType;
  /** Further members of the JSON body, such as `originalStatusCode`. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(type: BedrockErrorType, message: string, members: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.type = type;
    this.members = members;
  }

  answer(): Answer {
    return {
      status: bedrockErrorStatus[this.type],
      headers: { 'content-type': 'application/json', 'x-amzn-errortype': this.type },
      body: Buffer.from(JSON.stringify({ ...this.members, message: this.message })),
    };
  }
}

export function isBedrockErrorType(type: string): type is BedrockErrorType {
  return Object.hasOwn(bedrockErrorStatus, type);
}

/** An exception within a stream: there its name begins in lower case. */
export function bedrockException(type: string, message: string): Buffer {
  return exceptionFrame(type.slice(0, 1).toLowerCase() + type.slice(1), { message });
}
