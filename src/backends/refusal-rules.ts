import type { Outcome } from '../core/outcome.ts';

/** The AWS services that are called for inference. */
export type ServiceName = 'sagemaker' | 'bedrock';

/** What a refusal means. */
export interface Rule {
  readonly outcome: Outcome;
  /** What the operator has to do, for the log. */
  readonly mend?: Mend;
}

/** What an operator can do about it. */
type Mend = 'permissions' | 'credentials' | 'missing' | 'wrongPlace';

const credentialsMend = 'check the credentials configured for this region: their keys, token and clock';
/** The mends in words, by service. */
export const mends: Readonly<Record<ServiceName, Readonly<Record<Mend, string>>>> = {
  sagemaker: {
    permissions:
      "allow sagemaker:InvokeEndpoint on this endpoint to the identity, and check the endpoint's own policies",
    credentials: credentialsMend,
    missing: 'name an endpoint, variant, component and target model that exist in this region, or take the target out',
    wrongPlace: "check the region's sagemakerRuntime endpoint: what answers there does not know this API",
  },
  bedrock: {
    permissions:
      'allow bedrock:InvokeModel and bedrock:InvokeModelWithResponseStream on this model to the identity, and ask for access to the model',
    credentials: credentialsMend,
    missing: 'name a modelId that this region has, or the inference profile that contains it',
    wrongPlace: "check the region's bedrockRuntime endpoint: what answers there does not know this API",
  },
};

/** Load that was refused. */
export const throttled: Rule = { outcome: 'throttled' };
/** The upstream’s own fault. */
export const fault: Rule = { outcome: 'backend-fault' };
/** The caller’s fault. */
export const caller: Rule = { outcome: 'caller-fault' };
/** The identity may not call it. */
export const permissions: Rule = { outcome: 'misconfigured', mend: 'permissions' };
const credentials: Rule = { outcome: 'misconfigured', mend: 'credentials' };
/** What is called is not there. */
export const missing: Rule = { outcome: 'misconfigured', mend: 'missing' };
/** Something else answers there. */
export const wrongPlace: Rule = { outcome: 'misconfigured', mend: 'wrongPlace' };

/**
 * One line per error type: those SageMaker Runtime and Bedrock Runtime model, the common errors of AWS APIs, and the names under which
 * AWS throttles (retry documentation of the AWS SDKs). A type outranks the status: throttling comes as 400 here.
 */
export const rulesByType: Readonly<Record<string, Rule>> = {
  ThrottlingException: throttled,
  Throttling: throttled,
  ThrottledException: throttled,
  TooManyRequestsException: throttled,
  RequestThrottled: throttled,
  RequestThrottledException: throttled,
  RequestLimitExceeded: throttled,
  LimitExceededException: throttled,
  BandwidthLimitExceeded: throttled,
  PriorRequestNotComplete: throttled,
  SlowDown: throttled,
  ServiceQuotaExceededException: throttled,
  ModelNotReadyException: { outcome: 'cold' },
  ModelTimeoutException: { outcome: 'timeout' },
  ModelStreamErrorException: fault,
  ResourceNotFoundException: missing,
  InternalFailure: fault,
  InternalError: fault,
  InternalServerError: fault,
  InternalServerException: fault,
  InternalDependencyException: fault,
  ServiceUnavailable: fault,
  ServiceUnavailableException: fault,
  AccessDenied: permissions,
  AccessDeniedException: permissions,
  NotAuthorized: permissions,
  UnauthorizedOperation: permissions,
  OptInRequired: permissions,
  ExpiredToken: credentials,
  ExpiredTokenException: credentials,
  IncompleteSignature: credentials,
  IncompleteSignatureException: credentials,
  InvalidClientTokenId: credentials,
  InvalidSignatureException: credentials,
  MissingAuthenticationToken: credentials,
  MissingAuthenticationTokenException: credentials,
  RequestExpired: credentials,
  RequestTimeTooSkewed: credentials,
  SignatureDoesNotMatch: credentials,
  UnrecognizedClientException: credentials,
};
