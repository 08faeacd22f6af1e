import { type AwsError, validationError } from './aws-error.ts';

/** The headers of `InvokeEndpoint`, checked. */
export interface InvokeFields {
  contentType?: string;
  accept?: string;
  customAttributes?: string;
  targetModel?: string;
  targetVariant?: string;
  targetContainerHostname?: string;
  inferenceId?: string;
  enableExplanations?: string;
  inferenceComponent?: string;
  sessionId?: string;
  prefixAwareId?: string;
}

interface Rule {
  readonly field: keyof InvokeFields;
  readonly maxLength: number;
  readonly pattern?: RegExp;
}

const printable = /^[\x20-\x7e]*$/;
const resourceName = /^[a-zA-Z0-9](-*[a-zA-Z0-9])*$/;

/** Lengths and patterns of the SageMaker Runtime service model. */
const rules: Readonly<Record<string, Rule>> = {
  'content-type': { field: 'contentType', maxLength: 1024, pattern: printable },
  accept: { field: 'accept', maxLength: 1024, pattern: printable },
  'x-amzn-sagemaker-custom-attributes': { field: 'customAttributes', maxLength: 1024, pattern: printable },
  'x-amzn-sagemaker-target-model': { field: 'targetModel', maxLength: 1024, pattern: /^[a-zA-Z0-9_./-]+$/ },
  'x-amzn-sagemaker-target-variant': { field: 'targetVariant', maxLength: 63, pattern: resourceName },
  'x-amzn-sagemaker-target-container-hostname': {
    field: 'targetContainerHostname',
    maxLength: 63,
    pattern: resourceName,
  },
  'x-amzn-sagemaker-inference-id': { field: 'inferenceId', maxLength: 64, pattern: /^\S[\x20-\x7e]*$/ },
  'x-amzn-sagemaker-enable-explanations': { field: 'enableExplanations', maxLength: 64, pattern: printable },
  'x-amzn-sagemaker-inference-component': { field: 'inferenceComponent', maxLength: 63, pattern: resourceName },
  'x-amzn-sagemaker-session-id': { field: 'sessionId', maxLength: 256, pattern: /^[a-zA-Z0-9_-]+$/ },
  'x-amzn-sagemaker-prefix-aware-id': { field: 'prefixAwareId', maxLength: 64, pattern: printable },
};

/** Reads and checks the headers; throws ValidationError in the words of AWS's request validator. */
export function readInvokeFields(headers: Readonly<Record<string, readonly string[] | undefined>>): InvokeFields {
  const fields: InvokeFields = {};
  for (const [header, { field, maxLength, pattern }] of Object.entries(rules)) {
    const value = headers[header]?.join(',');
    if (value === undefined) continue;
    if (value.length > maxLength)
      throw constraint(value, field, `Member must have length less than or equal to ${maxLength}`);
    if (value.length === 0 && field !== 'accept' && field !== 'contentType') {
      throw constraint(value, field, 'Member must have length greater than or equal to 1');
    }
    if (pattern?.test(value) === false)
      throw constraint(value, field, `Member must satisfy regular expression pattern: ${pattern.source}`);
    fields[field] = value;
  }
  return fields;
}

/** The endpoint name of the path, as it came; throws ValidationError when no endpoint can have that name. */
export function checkEndpointName(name: string): string {
  if (name.length > 63) throw constraint(name, 'endpointName', 'Member must have length less than or equal to 63');
  if (!resourceName.test(name))
    throw constraint(name, 'endpointName', `Member must satisfy regular expression pattern: ${resourceName.source}`);
  return name;
}

function constraint(value: string, field: string, rule: string): AwsError {
  return validationError(
    `1 validation error detected: Value '${value}' at '${field}' failed to satisfy constraint: ${rule}`,
  );
}
