import { validationError } from './aws-error.ts';
import type { SignedRequest } from './sigv4-canonical.ts';

/** The headers that only `InvokeEndpointAsync` has, checked. */
export interface AsyncFields {
  readonly inputLocation?: string;
  readonly outputPathExtension?: string;
  readonly filename?: string;
  readonly ttlSeconds: number;
  readonly timeoutSeconds: number;
}

/** Reads them; throws ValidationError. Limits of the SageMaker Runtime service model. */
export function readAsyncFields(headers: SignedRequest['headers']): AsyncFields {
  const text = (name: string, longest: number) => {
    const value = headers[`x-amzn-sagemaker-${name}`]?.[0];
    if (value !== undefined && (value.length === 0 || value.length > longest))
      throw validationError(`${name} must have 1 to ${longest} characters.`);
    return value;
  };
  const seconds = (name: string, least: number, most: number, fallback: number) => {
    const value = Number(headers[`x-amzn-sagemaker-${name}`]?.[0] ?? fallback);
    if (!Number.isInteger(value) || value < least || value > most)
      throw validationError(`${name} must be a whole number from ${least} to ${most}.`);
    return value;
  };
  const inputLocation = text('inputlocation', 1024);
  if (inputLocation !== undefined && !/^(https|s3):\/\/./.test(inputLocation))
    throw validationError('InputLocation must satisfy regular expression pattern: ^(https|s3)://([^/]+)/?(.*)$');
  const outputPathExtension = text('s3outputpathextension', 512);
  const filename = text('filename', 32);
  return {
    ...(inputLocation !== undefined && { inputLocation }),
    ...(outputPathExtension !== undefined && { outputPathExtension }),
    ...(filename !== undefined && { filename }),
    ttlSeconds: seconds('requestttlseconds', 60, 21_600, 21_600),
    timeoutSeconds: seconds('invocationtimeoutseconds', 1, 3_600, 900),
  };
}

/** `InvokeEndpointAsync` names these two headers its own way. */
export function asyncHeaders(headers: SignedRequest['headers']): SignedRequest['headers'] {
  const { accept: _, 'content-type': __, ...others } = headers;
  const accept = headers['x-amzn-sagemaker-accept'];
  const contentType = headers['x-amzn-sagemaker-content-type'];
  return {
    ...others,
    ...(accept !== undefined && { accept }),
    ...(contentType !== undefined && { 'content-type': contentType }),
  };
}
