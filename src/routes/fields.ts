import type { IncomingHttpHeaders } from 'node:http';
import { GatewayError } from '../core/errors.ts';
import type { Hints, InvokeFields } from '../core/request.ts';
import { profileGeography } from '../core/residency.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface FieldRule {
  readonly header: string;
  readonly field: keyof InvokeFields;
  readonly maxLength: number;
  readonly pattern: RegExp;
  readonly expected: string;
}

const printable = /^[\x20-\x7e]*$/;
const relativeKey = /^(?!.*(?:^|\/)\.{1,2}(?:\/|$))[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/;
const name = /^[a-zA-Z0-9](-*[a-zA-Z0-9])*$/;

/** Request headers of InvokeEndpoint and their limits (SageMaker Runtime API reference, botocore model 2017-05-13). */
const fieldRules: readonly FieldRule[] = [
  { header: 'content-type', field: 'contentType', maxLength: 1024, pattern: printable, expected: 'printable ASCII' },
  { header: 'accept', field: 'accept', maxLength: 1024, pattern: printable, expected: 'printable ASCII' },
  {
    header: 'x-amzn-sagemaker-custom-attributes',
    field: 'customAttributes',
    maxLength: 1024,
    pattern: printable,
    expected: 'printable ASCII',
  },
  // An S3 key below the endpoint's prefix: no parent directories, no empty or absolute parts.
  {
    header: 'x-amzn-sagemaker-target-model',
    field: 'targetModel',
    maxLength: 1024,
    pattern: relativeKey,
    expected: 'a relative path without .. or empty parts',
  },
  {
    header: 'x-amzn-sagemaker-target-variant',
    field: 'targetVariant',
    maxLength: 63,
    pattern: name,
    expected: 'letters, digits and inner hyphens',
  },
  {
    header: 'x-amzn-sagemaker-target-container-hostname',
    field: 'targetContainerHostname',
    maxLength: 63,
    pattern: name,
    expected: 'letters, digits and inner hyphens',
  },
  {
    header: 'x-amzn-sagemaker-inference-id',
    field: 'inferenceId',
    maxLength: 64,
    pattern: /^[\x21-\x7e][\x20-\x7e]*$/,
    expected: 'printable ASCII not starting with a space',
  },
  {
    header: 'x-amzn-sagemaker-enable-explanations',
    field: 'enableExplanations',
    maxLength: 64,
    pattern: /^[\x20-\x7e]+$/,
    expected: 'printable ASCII',
  },
  {
    header: 'x-amzn-sagemaker-inference-component',
    field: 'inferenceComponent',
    maxLength: 63,
    pattern: name,
    expected: 'letters, digits and inner hyphens',
  },
  {
    header: 'x-amzn-sagemaker-session-id',
    field: 'sessionId',
    maxLength: 269, // SageMaker's 256 and the wrapping
    pattern: /^[a-zA-Z0-9](-*[a-zA-Z0-9._])*$|^NEW_SESSION$/,
    expected: 'an id this gateway gave out, or NEW_SESSION',
  },
  {
    header: 'x-amzn-sagemaker-prefix-aware-id',
    field: 'prefixAwareId',
    maxLength: 64,
    pattern: /^[\x21-\x7e][\x20-\x7e]*$/,
    expected: 'printable ASCII',
  },
  // Bedrock Runtime service model 2023-09-30; what each may be is for the model to judge.
  bedrockRule('guardrailidentifier', 'guardrailIdentifier', 2048),
  bedrockRule('guardrailversion', 'guardrailVersion', 64),
  bedrockRule('performanceconfig-latency', 'performanceLatency', 64),
  bedrockRule('request-metadata', 'requestMetadata', 8500),
  bedrockRule('service-tier', 'serviceTier', 64),
  bedrockRule('trace', 'trace', 64),
  // Below the endpoint's output path and nowhere else.
  {
    header: 'x-amzn-sagemaker-s3outputpathextension',
    field: 'outputPathExtension',
    maxLength: 512,
    pattern: relativeKey,
    expected: 'a relative path without .. or empty parts',
  },
  {
    header: 'x-amzn-sagemaker-filename',
    field: 'filename',
    maxLength: 32,
    pattern: /^(?!\.{1,2}$)[A-Za-z0-9._-]+$/,
    expected: 'letters, digits, dots, hyphens and underscores',
  },
  {
    header: 'x-amzn-sagemaker-inputlocation',
    field: 'inputLocation',
    maxLength: 1024,
    pattern: printable,
    expected: 'an s3:// location',
  },
  {
    header: 'x-amzn-sagemaker-requestttlseconds',
    field: 'requestTtlSeconds',
    maxLength: 5,
    pattern: /^(?:[6-9]\d|[1-9]\d{2,3}|1\d{4}|20\d{3}|21[0-5]\d{2}|21600)$/,
    expected: 'a whole number from 60 to 21600',
  },
  {
    header: 'x-amzn-sagemaker-invocationtimeoutseconds',
    field: 'invocationTimeoutSeconds',
    maxLength: 4,
    pattern: /^(?:[1-9]\d{0,2}|[12]\d{3}|3[0-5]\d{2}|3600)$/,
    expected: 'a whole number from 1 to 3600',
  },
];

function bedrockRule(name: string, field: keyof InvokeFields, maxLength: number): FieldRule {
  return { header: `x-amzn-bedrock-${name}`, field, maxLength, pattern: /^[\x20-\x7e]*$/, expected: 'printable ASCII' };
}

/**
 * Takes the forwarded fields from the headers, checked against the wire limits. Throws `invalid-request`.
 * @param names where the operation has a field under another name than InvokeEndpoint has
 */
export function readFields(
  headers: IncomingHttpHeaders,
  names: Partial<Record<keyof InvokeFields, string>> = {},
): InvokeFields {
  const fields: Mutable<InvokeFields> = {};
  for (const rule of fieldRules) {
    const header = names[rule.field] ?? rule.header;
    const value = headers[header];
    if (typeof value !== 'string' || value === '') continue;
    if (value.length > rule.maxLength || !rule.pattern.test(value)) {
      throw new GatewayError(
        'invalid-request',
        `${header} must be ${rule.expected}, at most ${rule.maxLength} characters.`,
      );
    }
    fields[rule.field] = value;
  }
  return fields;
}

const noHints: Hints = { fallback: 'any', cache: { noCache: false, noStore: false } };

/**
 * Reads the caller's wishes. Throws `invalid-request` naming the header, what it may be, and why.
 * @param calledBy the name the model was called by: the id of a Bedrock inference profile binds the call to its geography
 */
export function readHints(headers: IncomingHttpHeaders, calledBy = ''): Hints {
  let hints: Mutable<Hints> | undefined;
  const set = <K extends keyof Hints>(key: K, value: Hints[K]) => {
    hints ??= { ...noHints };
    hints[key] = value;
  };
  const timeout = headers['x-meridian-timeout-ms'];
  if (timeout !== undefined) set('timeoutMs', positiveInteger('x-meridian-timeout-ms', timeout));
  const session = headers['x-meridian-session'];
  if (session !== undefined)
    set('session', matching('x-meridian-session', session, /^[\x21-\x7e]{1,256}$/, '1 to 256 printable characters'));
  const prefer = headers['x-meridian-prefer'];
  if (prefer !== undefined) {
    if (prefer !== 'latency' && prefer !== 'cost' && prefer !== 'balanced')
      throw invalid('x-meridian-prefer', 'latency, cost or balanced');
    set('prefer', prefer);
  }
  const residency = headers['x-meridian-residency'];
  if (residency !== undefined)
    set('residency', matching('x-meridian-residency', residency, /^[a-z0-9-]{1,32}$/, 'a residency class such as eu'));
  const geography = profileGeography(calledBy);
  if (geography !== undefined && geography !== 'global') {
    if (residency !== undefined && residency !== geography)
      throw invalid('x-meridian-residency', `${geography}, as the inference profile named says, or be left out`);
    set('residency', geography);
  }
  const region = headers['x-meridian-region'];
  if (region !== undefined) {
    const wanted = matching(
      'x-meridian-region',
      region,
      /^!?([a-z]{2}(-[a-z]+)+-[0-9]|x-[a-z0-9-]{1,32})$/,
      'a region such as eu-west-1, or !us-east-1 to avoid one',
    );
    set('region', wanted.startsWith('!') ? { exclude: wanted.slice(1) } : { pin: wanted });
  }
  const fallback = headers['x-meridian-fallback'];
  if (fallback !== undefined) {
    if (fallback !== 'none' && fallback !== 'any') throw invalid('x-meridian-fallback', 'none or any');
    set('fallback', fallback);
  }
  const cacheControl = headers['cache-control'];
  if (cacheControl !== undefined) set('cache', readCacheControl(cacheControl));
  return hints ?? noHints;
}

/** RFC 9111 request directives we honour; others mean nothing here and are ignored, as the RFC asks. */
function readCacheControl(value: string): Hints['cache'] {
  const directives = value
    .toLowerCase()
    .split(',')
    .map(part => part.trim());
  const maxStale = directives.map(part => /^max-stale(?:=(\d{1,9}))?$/.exec(part)).find(match => match !== null);
  return {
    noCache: directives.includes('no-cache'),
    noStore: directives.includes('no-store'),
    ...(maxStale?.[1] !== undefined && { maxStaleSeconds: Number(maxStale[1]) }),
  };
}

function positiveInteger(header: string, value: string | string[]): number {
  if (typeof value !== 'string' || !/^[1-9]\d{0,8}$/.test(value))
    throw invalid(header, 'a whole number of milliseconds above 0');
  return Number(value);
}

function matching(header: string, value: string | string[], pattern: RegExp, expected: string): string {
  if (typeof value !== 'string' || !pattern.test(value)) throw invalid(header, expected);
  return value;
}

function invalid(header: string, expected: string): GatewayError {
  return new GatewayError('invalid-request', `${header} must be ${expected}.`);
}

const traceparent = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** `attempt=2; max=3` → 2. Anything else counts as a first attempt. */
export function clientAttempt(header: string | string[] | undefined): number {
  const match = typeof header === 'string' ? /(?:^|;\s*)attempt=(\d{1,3})(?:;|$)/.exec(header) : null;
  return match === null ? 1 : Number(match[1]);
}

/** W3C Trace Context, version 00; anything else is not passed on. */
export function validTraceparent(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' && traceparent.test(header) ? header : undefined;
}
