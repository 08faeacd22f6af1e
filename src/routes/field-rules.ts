import type { InvokeFields } from '../core/request.ts';

/** One header that is passed on, and what it may be. */
export interface FieldRule {
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
export const fieldRules: readonly FieldRule[] = [
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
