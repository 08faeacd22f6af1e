/** Every error the gateway itself can answer. Codes are never reused; one place renders them per protocol. */
interface CatalogueEntry {
  readonly status: number;
  /** The error type AWS SDKs see on AWS paths. */
  readonly awsType: string;
  /** Whether repeating the same call later can help. */
  readonly retryable: boolean;
}

/** Status and AWS type of each error, by code. */
export const errorCatalogue = {
  'invalid-request': { status: 400, awsType: 'ValidationError', retryable: false },
  'unknown-model': { status: 400, awsType: 'ValidationError', retryable: false },
  'no-eligible-target': { status: 400, awsType: 'ValidationError', retryable: false },
  unauthenticated: { status: 403, awsType: 'UnrecognizedClientException', retryable: false },
  'bad-signature': { status: 403, awsType: 'InvalidSignatureException', retryable: false },
  'not-allowed': { status: 403, awsType: 'AccessDeniedException', retryable: false },
  'not-found': { status: 404, awsType: 'ValidationError', retryable: false },
  conflict: { status: 409, awsType: 'ValidationError', retryable: false },
  'replicas-apart': { status: 503, awsType: 'ServiceUnavailable', retryable: true },
  'job-not-completed': { status: 409, awsType: 'ValidationError', retryable: false },
  'method-not-allowed': { status: 405, awsType: 'ValidationError', retryable: false },
  'body-timeout': { status: 408, awsType: 'ValidationError', retryable: true },
  'too-large': { status: 413, awsType: 'ValidationError', retryable: false },
  'rate-limited': { status: 429, awsType: 'ThrottlingException', retryable: true },
  'concurrency-limited': { status: 429, awsType: 'ThrottlingException', retryable: true },
  'budget-spent': { status: 429, awsType: 'ThrottlingException', retryable: true },
  'client-closed': { status: 499, awsType: 'InternalFailure', retryable: false },
  internal: { status: 500, awsType: 'InternalFailure', retryable: true },
  'upstream-failed': { status: 503, awsType: 'ServiceUnavailable', retryable: true },
  'deadline-exceeded': { status: 503, awsType: 'ServiceUnavailable', retryable: true },
  'no-target-available': { status: 503, awsType: 'ServiceUnavailable', retryable: true },
  'stream-broken': { status: 424, awsType: 'ModelStreamError', retryable: true },
  'session-lost': { status: 400, awsType: 'ValidationError', retryable: false },
  shed: { status: 503, awsType: 'ServiceUnavailable', retryable: true },
  'buffers-full': { status: 503, awsType: 'ServiceUnavailable', retryable: true },
} as const satisfies Record<string, CatalogueEntry>;

/** One of the catalogue's codes. */
export type ErrorCode = keyof typeof errorCatalogue;

/** An error from the catalogue. `message` is for the caller: it says what is wrong and what to do. */
export class GatewayError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly awsType: string;
  readonly retryAfterSeconds?: number;
  /** The field of the request that is to blame, for protocols that say so. */
  readonly field?: string;

  constructor(
    code: ErrorCode,
    message: string,
    options: { retryAfterSeconds?: number; status?: number; field?: string } = {},
  ) {
    super(message);
    this.name = 'GatewayError';
    this.code = code;
    this.status = options.status ?? errorCatalogue[code].status;
    this.awsType = errorCatalogue[code].awsType;
    if (options.field !== undefined) this.field = options.field;
    if (options.retryAfterSeconds !== undefined) this.retryAfterSeconds = options.retryAfterSeconds;
    else if (errorCatalogue[code].retryable) this.retryAfterSeconds = 1;
  }
}

/** What may be done by all replicas together alone cannot be done now. @param more said beside it */
export function replicasApart(more = 'Try again.'): GatewayError {
  return new GatewayError(
    'replicas-apart',
    `Redis does not answer, or answers again only now: without it replicas cannot agree, and nothing is begun. ${more}`,
  );
}

/** Whether that is why something was not done. */
export function isApart(error: unknown): boolean {
  return error instanceof GatewayError && error.code === 'replicas-apart';
}
