import { type ControlError, invalid } from './control-error.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What `CreateTransformJob` asks for, as `DescribeTransformJob` gives it back. */
export interface TransformRequest {
  readonly name: string;
  readonly modelName: string;
  /** `s3://bucket/prefix`: every object whose key begins so. */
  readonly inputUri: string;
  readonly contentType: string | undefined;
  readonly split: 'None' | 'Line';
  readonly strategy: 'MultiRecord' | 'SingleRecord';
  readonly maxPayloadBytes: number;
  readonly outputPath: string;
  readonly accept: string | undefined;
  readonly assemble: 'None' | 'Line';
  /** The members that are given back as they came. */
  readonly echoed: Fields;
}

const jobName = /^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/;
const echoedNames = [
  'MaxConcurrentTransforms',
  'MaxPayloadInMB',
  'BatchStrategy',
  'TransformInput',
  'TransformOutput',
  'TransformResources',
  'Environment',
];
/** API reference of CreateTransformJob. */
const defaultPayloadMb = 6;
const largestPayloadMb = 100;

/** Checks the request as the API reference describes it. Throws `ValidationException`. */
export function readTransformRequest(input: Fields): TransformRequest {
  const name = matching(input, 'TransformJobName', jobName);
  const modelName = matching(input, 'ModelName', jobName);
  const transformInput = fieldsOf(input, 'TransformInput');
  const source = fieldsOf(fieldsOf(transformInput, 'DataSource'), 'S3DataSource');
  oneOf(source, 'S3DataType', ['S3Prefix'], undefined);
  const output = fieldsOf(input, 'TransformOutput');
  const resources = fieldsOf(input, 'TransformResources');
  matching(resources, 'InstanceType', /^ml\.[a-z0-9-]+\.[a-z0-9-]+$/);
  const { InstanceCount: count } = resources;
  if (!Number.isInteger(count) || Number(count) < 1) throw failing('InstanceCount', 'a whole number of 1 or more');
  const payloadMb = input['MaxPayloadInMB'] ?? defaultPayloadMb;
  if (typeof payloadMb !== 'number' || payloadMb < 0 || payloadMb > largestPayloadMb)
    throw failing('MaxPayloadInMB', `0 to ${largestPayloadMb}`);
  const split = oneOf(transformInput, 'SplitType', ['None', 'Line'], 'None');
  const strategy = oneOf(input, 'BatchStrategy', ['MultiRecord', 'SingleRecord'], 'MultiRecord');
  return {
    name,
    modelName,
    inputUri: matching(source, 'S3Uri', /^s3:\/\/[^/]+\/?.*$/),
    contentType: optionalText(transformInput, 'ContentType'),
    split,
    strategy,
    maxPayloadBytes: payloadMb * 1024 * 1024,
    outputPath: matching(output, 'S3OutputPath', /^s3:\/\/[^/]+\/?.*$/).replace(/\/$/, ''),
    accept: optionalText(output, 'Accept'),
    assemble: oneOf(output, 'AssembleWith', ['None', 'Line'], 'None'),
    echoed: Object.fromEntries(echoedNames.filter(each => each in input).map(each => [each, input[each]])),
  };
}

function fieldsOf(input: Fields, name: string): Fields {
  const value = input[name];
  if (typeof value !== 'object' || value === null) throw failing(name, 'a structure');
  return value as Fields;
}

function matching(input: Fields, name: string, pattern: RegExp): string {
  const value = input[name];
  if (typeof value === 'string' && pattern.test(value)) return value;
  throw failing(name, `text that satisfies the regular expression ${pattern.source}`);
}

function optionalText(input: Fields, name: string): string | undefined {
  const value = input[name];
  if (value === undefined || typeof value === 'string') return value;
  throw failing(name, 'text');
}

function oneOf<T extends string>(input: Fields, name: string, known: readonly T[], absent: T | undefined): T {
  const value = input[name] ?? absent;
  const found = known.find(each => each === value);
  if (found === undefined) throw failing(name, `one of [${known.join(', ')}]`);
  return found;
}

function failing(name: string, expected: string): ControlError {
  return invalid(
    `1 validation error detected: Value at '${name}' failed to satisfy constraint: Member must be ${expected}`,
  );
}
