/**
 * Error types of the SageMaker Runtime API and the ones common to AWS services, with their HTTP status.
 * Source: the service model of @aws-sdk/client-sagemaker-runtime, and "Common Error Types" of the API reference.
 */
export const awsErrorStatus = {
  InternalFailure: 500,
  ServiceUnavailable: 503,
  ValidationError: 400,
  ModelError: 424,
  InternalDependencyException: 530,
  ModelNotReadyException: 429,
  ThrottlingException: 400,
  AccessDeniedException: 403,
  ExpiredTokenException: 403,
  UnrecognizedClientException: 403,
  InvalidSignatureException: 403,
  MissingAuthenticationTokenException: 403,
  IncompleteSignature: 400,
  UnknownOperationException: 404,
  RequestEntityTooLarge: 413,
} as const;

export type AwsErrorType = keyof typeof awsErrorStatus;

/** The service's own errors spell their member `Message`; those of the shared front end spell it `message`. */
const modelled: ReadonlySet<string> = new Set([
  'InternalFailure',
  'ServiceUnavailable',
  'ValidationError',
  'ModelError',
  'InternalDependencyException',
  'ModelNotReadyException',
]);

/** An error as SageMaker Runtime would answer it. */
export class AwsError extends Error {
  readonly type: AwsErrorType;
  readonly status: number;
  /** Further members of the JSON body, such as `OriginalStatusCode`. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(type: AwsErrorType, message: string, members: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.type = type;
    this.status = awsErrorStatus[type];
    this.members = members;
  }

  /** The JSON body. Throttling really answers `{"message":null}`. */
  body(): Buffer {
    const message = this.type === 'ThrottlingException' ? null : this.message;
    const key = modelled.has(this.type) ? 'Message' : 'message';
    return Buffer.from(JSON.stringify({ ...this.members, [key]: message }));
  }

  /** The front end that turns away oversized bodies names no type. */
  headers(): Record<string, string> {
    const typed = this.type === 'RequestEntityTooLarge' ? {} : { 'x-amzn-errortype': this.type };
    return { 'content-type': 'application/json', ...typed };
  }
}

export function validationError(message: string): AwsError {
  return new AwsError('ValidationError', message);
}

/** What a caller gets for a container's own error, or for an answer too large to carry (status 500). */
export function modelError(
  place: { region: string; endpoint: string; account: string },
  status: number,
  text: string,
): AwsError {
  const { region, endpoint, account } = place;
  const side = status >= 400 && status < 500 ? 'client' : 'server';
  const group = `/aws/sagemaker/Endpoints/${endpoint}`;
  const logs = `https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#logEventViewer:group=${group}`;
  const message = `Received ${side} error (${status}) from primary with message "${text}". See ${logs} in account ${account} for more information.`;
  return new AwsError('ModelError', message, {
    OriginalStatusCode: status,
    OriginalMessage: text,
    LogStreamArn: `arn:aws:logs:${region}:${account}:log-group:${group}`,
  });
}
