import { parseObject } from './json-object.ts';

/** An error as the AWS rest-json protocol carries it. */
export interface AwsError {
  /** Bare type, such as `ThrottlingException`; empty if the answer names none. */
  readonly type: string;
  readonly message: string;
  /** The whole body, when it is a JSON object; empty otherwise. */
  readonly fields: Readonly<Record<string, unknown>>;
}

const noFields: Readonly<Record<string, unknown>> = Object.freeze({});

/** `prefix#Type:http://internal…` → `Type` (as botocore and the JS SDK read it). */
function bareType(raw: unknown): string {
  if (typeof raw !== 'string') return '';
  const beforeColon = raw.split(':', 1)[0] ?? '';
  return beforeColon.slice(beforeColon.indexOf('#') + 1).trim();
}

function firstText(...candidates: unknown[]): string {
  for (const candidate of candidates) if (typeof candidate === 'string' && candidate !== '') return candidate;
  return '';
}

/**
 * Reads an AWS error: type from `x-amzn-errortype`, else from the body's `code`, `Code` or `__type`; message from
 * `message` or `Message`. Never throws, whatever the bytes.
 */
export function parseAwsError(errorTypeHeader: string | undefined, body: Buffer): AwsError {
  const fields = parseObject(body) ?? noFields; // front ends answer HTML or nothing; the status has to say it then
  const type = bareType(errorTypeHeader) || bareType(firstText(fields['code'], fields['Code'], fields['__type']));
  return { type, message: firstText(fields['message'], fields['Message']), fields };
}
