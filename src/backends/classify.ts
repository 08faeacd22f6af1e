import type { Outcome } from '../core/outcome.ts';
import type { Answer, AttemptError, Refusal } from '../core/result.ts';
import { type AwsError, parseAwsError } from '../wire/aws-error.ts';
import {
  caller,
  fault,
  mends,
  missing,
  permissions,
  type Rule,
  rulesByType,
  type ServiceName,
  throttled,
  wrongPlace,
} from './refusal-rules.ts';
import { withoutSecrets, withoutSecretsOrNumbers } from './sanitise.ts';

/** An answer that is not a success, and whom it was for. */
export interface FailedAnswer {
  readonly service: ServiceName;
  readonly status: number;
  /** Header values by lower-case name. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  readonly endpoint: string;
  /** The name callers know; it replaces the endpoint's in what they get to read. */
  readonly model: string;
  /** The caller chose the variant, component or target model, so one that does not exist is the caller's fault. */
  readonly callerNamed: boolean;
}

/** What a refusal means. */
export interface Classified {
  readonly outcome: Outcome;
  readonly error: AttemptError;
  /** For a caller-fault: what the caller may read. */
  readonly answer?: Answer;
  /** The signature's time was refused, perhaps. */
  readonly aboutTime: boolean;
}

/** What both services call a container's own error. */
const modelErrors = new Set(['ModelError', 'ModelErrorException']);
const timeTypes = new Set([
  'InvalidSignatureException',
  'RequestTimeTooSkewed',
  'RequestExpired',
  'SignatureDoesNotMatch',
]);
const timeTexts = /signature expired|not yet current/i;
const endpointGone = /\bendpoint\b.*(?:not found|could not be found|does not exist|not in ?service)/is;
const partGone =
  /(?:variant|inference component|component|target model|model data).*(?:not found|could not be found|could not find|does not exist|not in ?service|not exist)|could not find (?:variant|inference component)|failed to download model/is;

/**
 * ValidationException of Bedrock for an id that the region, or the account, does not have. From its first word on: other
 * messages repeat names out of the caller's body, and a caller must not be able to speak ill of a target.
 */
const modelGone = /^(?:the provided model identifier is invalid|invocation of model id \S+ with on-demand throughput)/i;
/** Of a message, what is looked at: the patterns above are not linear. */
const readChars = 4_096;

/** Says what an upstream's refusal means. The only place that looks at AWS errors. Never throws. */
export function classify(failed: FailedAnswer): Classified {
  const header = failed.headers['x-amzn-errortype'];
  const error = parseAwsError(typeof header === 'string' ? header : undefined, failed.body);
  const rule = ruleFor(error, failed);
  const retryAfterMs = retryAfter(failed.headers);
  const text = error.message || `HTTP ${failed.status}`;
  return {
    outcome: rule.outcome,
    error: {
      type: error.type || String(failed.status),
      message: rule.mend === undefined ? text : `${text}; ${mends[failed.service][rule.mend]}`,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    },
    ...(rule.outcome === 'caller-fault' && { answer: callerAnswer(error, failed) }),
    aboutTime: timeTypes.has(error.type) || timeTexts.test(error.message),
  };
}

function ruleFor(error: AwsError, { service, status, callerNamed, endpoint }: FailedAnswer): Rule {
  if (Object.hasOwn(rulesByType, error.type)) return rulesByType[error.type] ?? fault;
  if (modelErrors.has(error.type)) return containersRule(error);
  if (status === 401 || status === 403) return permissions;
  if (status === 429) return throttled;
  if (status === 408) return { outcome: 'timeout' };
  // Without the endpoint's name, which may hold any of the words.
  const message = error.message.slice(0, readChars).replaceAll(endpoint, '');
  if (service === 'sagemaker' && partGone.test(message)) return callerNamed ? caller : missing;
  if (service === 'sagemaker' ? endpointGone.test(message) : modelGone.test(error.message)) return missing;
  if (status === 404 || status < 400) return wrongPlace;
  return status < 500 ? caller : fault;
}

/**
 * The container's own status decides: 4xx is the caller's, 5xx or 0 (the container never answered) is not. Servers of
 * large models say 429 when their queue is full: another region's may not be.
 */
function containersRule({ fields, message }: AwsError): Rule {
  const original = Number(
    fields['OriginalStatusCode'] ?? fields['originalStatusCode'] ?? /error \((\d{1,3})\)/.exec(message)?.[1],
  );
  if (original === 429) return throttled;
  if (original === 408) return { outcome: 'timeout' };
  return original >= 400 && original < 500 ? caller : fault;
}

function callerAnswer(error: AwsError, failed: FailedAnswer): Answer {
  const type = /^[A-Za-z0-9_.]{1,128}$/.test(error.type) ? error.type : 'ValidationError';
  const byModel = modelErrors.has(type);
  const refusal = byModel ? containersRefusal(type, error, failed) : servicesRefusal(type, error, failed);
  return {
    status: failed.status,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': type },
    body: Buffer.from(JSON.stringify(byModel ? modelErrorBody(error, refusal) : { message: refusal.message })),
    refusal,
  };
}

function containersRefusal(type: string, error: AwsError, { endpoint, model }: FailedAnswer): Refusal {
  const { OriginalMessage, OriginalStatusCode, originalStatusCode } = error.fields;
  const originalStatus = OriginalStatusCode ?? originalStatusCode;
  return {
    type,
    message: withoutSecrets(error.message, endpoint, model),
    ...(typeof OriginalMessage === 'string' && { originalMessage: OriginalMessage }), // could be nested beyond the stack
    ...(typeof originalStatus === 'number' && { originalStatus }),
  };
}

function servicesRefusal(type: string, error: AwsError, { status, endpoint, model }: FailedAnswer): Refusal {
  return {
    type,
    message: withoutSecretsOrNumbers(error.message, endpoint, model) || `The request was refused (HTTP ${status}).`,
  };
}

/** As SageMaker Runtime models it. */
function modelErrorBody({ fields }: AwsError, { message, originalMessage, originalStatus }: Refusal): object {
  const { ErrorCode } = fields;
  return {
    ...(typeof ErrorCode === 'string' && { ErrorCode }),
    Message: message,
    OriginalMessage: originalMessage,
    OriginalStatusCode: originalStatus,
  };
}

const longestRetryAfterMs = 3_600_000;

/** `x-amz-retry-after` in ms, or `retry-after` in seconds or as a date against the answer's own `date`. */
function retryAfter(headers: FailedAnswer['headers']): number | undefined {
  const milliseconds = headers['x-amz-retry-after'];
  const plain = headers['retry-after'];
  const ms = typeof milliseconds === 'string' ? Number(milliseconds) : plainRetryAfter(plain, headers['date']);
  return ms >= 0 ? Math.min(ms, longestRetryAfterMs) : undefined;
}

function plainRetryAfter(value: string | string[] | undefined, date: string | string[] | undefined): number {
  if (typeof value !== 'string') return Number.NaN;
  if (/^\d+$/.test(value.trim())) return Number(value) * 1_000;
  return typeof date === 'string' ? Date.parse(value) - Date.parse(date) : Number.NaN;
}
