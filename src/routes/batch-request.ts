import { GatewayError } from '../core/errors.ts';
import { parseObject } from '../wire/json-object.ts';

/** What a caller asks of a batch. */
export interface BatchRequest {
  readonly inputLocation: string;
  readonly outputLocation: string | undefined;
  readonly contentType: string | undefined;
  readonly accept: string | undefined;
  readonly split: 'line' | 'none';
  /** Whether many records may go to the model in one call. */
  readonly together: boolean;
  /** Undefined: the one with the greatest weight. */
  readonly version: string | undefined;
}

const splits = ['line', 'none'] as const;
const perCall = ['many', 'one'] as const;
const fields = [
  'inputLocation',
  'outputLocation',
  'contentType',
  'accept',
  'split',
  'recordsPerCall',
  'version',
] as const;
/** API reference of CreateTransformJob: ContentType and Accept; S3Uri. */
const longest = { inputLocation: 1024, outputLocation: 1024, contentType: 256, accept: 256, version: 63 } as const;
/** Formats whose lines are records. */
const lineFormats = /^(text\/csv|application\/(x-)?(jsonlines|jsonl|ndjson))\b/i;

/** Reads the body of a call that asks for a batch. Throws `invalid-request` naming the field. */
export function readBatchRequest(bytes: Buffer): BatchRequest {
  const body = parseObject(bytes);
  if (body === undefined)
    throw invalid('The body must be a JSON object such as {"inputLocation":"s3://bucket/prefix/"}.');
  const unknown = Object.keys(body).find(key => !fields.some(known => known === key));
  if (unknown !== undefined)
    throw invalid(`${unknown.slice(0, 64)} is no field of a batch: it takes ${fields.join(', ')}.`);
  const text = (name: keyof typeof longest): string | undefined => {
    const value = body[name];
    if (value === undefined) return undefined;
    if (typeof value === 'string' && value !== '' && value.length <= longest[name]) return value;
    throw invalid(`${name} must be text of 1 to ${longest[name]} characters.`);
  };
  const inputLocation = text('inputLocation');
  if (inputLocation === undefined) throw invalid('inputLocation is missing: write s3://bucket/key, or a prefix.');
  const contentType = text('contentType');
  const byDefault = contentType !== undefined && lineFormats.test(contentType) ? 'line' : 'none';
  return {
    inputLocation,
    outputLocation: text('outputLocation'),
    contentType,
    accept: text('accept'),
    split: oneOf(body, 'split', splits) ?? byDefault,
    together: oneOf(body, 'recordsPerCall', perCall) !== 'one',
    version: text('version'),
  };
}

function oneOf<T extends string>(
  body: Readonly<Record<string, unknown>>,
  name: string,
  known: readonly T[],
): T | undefined {
  const value = body[name];
  const found = known.find(each => each === value);
  if (value === undefined || found !== undefined) return found;
  throw invalid(`${name} must be ${known.join(' or ')}.`);
}

function invalid(message: string): GatewayError {
  return new GatewayError('invalid-request', message);
}
