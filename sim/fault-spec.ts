import { type AwsErrorType, awsErrorStatus } from './aws-error.ts';
import { bedrockErrorStatus } from './bedrock/bedrock-error.ts';
import { controlErrorStatus } from './control-plane/control-plane.ts';
import { s3ErrorStatus } from './s3/s3-error.ts';

/**
 * What each kind of fault does, and which fields it takes beside region, rate (the share of requests, connections or
 * look-ups it hits; all of them when absent) and durationMs. `endpoint: true` marks kinds that may be limited to one
 * endpoint; the others act on what the endpoints of a region share.
 */
const kinds = {
  /** The port is closed and existing connections are reset. */
  refuse: { endpoint: false, rate: false },
  /** Connections are accepted, requests are never answered. */
  'black-hole': { endpoint: true, rate: true },
  /** The answer is cut in the middle of its body. */
  reset: { endpoint: true, rate: true },
  /** Network and model time are multiplied by `factor` (default 3). */
  slow: { endpoint: true, rate: true, factor: true },
  /** Invocations fail with `errorType` (default InternalFailure). */
  error: {
    endpoint: true,
    rate: true,
    errorType: [...new Set([...Object.keys(awsErrorStatus), ...Object.keys(bedrockErrorStatus)])],
  },
  throttle: { endpoint: true, rate: true },
  /** A streamed answer is cut off after this many bytes. */
  'stream-cut': { endpoint: true, rate: true, after: true },
  /** A streamed answer falls silent after this many events; its connection stays open. */
  'stream-stall': { endpoint: true, rate: true, after: true },
  /** A streamed answer ends in an exception after this many events. */
  'stream-error': {
    endpoint: true,
    rate: true,
    after: true,
    errorType: [
      'ModelStreamError',
      'InternalStreamFailure',
      'ThrottlingException',
      'InternalServerException',
      'ModelStreamErrorException',
      'ModelTimeoutException',
      'ServiceUnavailableException',
      'ValidationException',
    ],
  },
  /** Down for the first half of every `periodMs` (default 60,000): a region refuses, an endpoint answers 503. */
  flap: { endpoint: true, rate: false, periodMs: true },
  /** New connections are reset, pooled ones live on. */
  'new-connections': { endpoint: false, rate: true },
  /** What is warm serves on; nothing cold can be warmed. */
  'no-cold-starts': { endpoint: true, rate: true },
  /** The resolver answers `errorType`: NXDOMAIN (default), or NODATA, an empty answer. */
  'dns-fail': { endpoint: false, rate: true, errorType: ['NXDOMAIN', 'NODATA'] },
  'dns-hang': { endpoint: false, rate: true },
  /** Regional STS fails with `errorType` (default ServiceUnavailable). */
  'sts-error': {
    endpoint: false,
    rate: true,
    errorType: ['ServiceUnavailable', 'InternalFailure', 'Throttling', 'AccessDenied', 'ExpiredToken'],
  },
  /** S3 fails with `errorType` (default InternalError). */
  's3-error': { endpoint: false, rate: true, errorType: Object.keys(s3ErrorStatus) },
  /** Control planes fail with `errorType` (default InternalFailure). */
  'control-error': { endpoint: false, rate: true, errorType: Object.keys(controlErrorStatus) },
  /** Answers of control planes are cut in the middle: what was asked for is done. */
  'control-cut': { endpoint: false, rate: true },
  /** Async invocations that are accepted stay in the queue. */
  'async-stall': { endpoint: true, rate: false },
  /** Async invocations end in a failure object, as of a model that answers 500. */
  'async-fail': { endpoint: true, rate: true },
  /** Transform jobs call their container no more. */
  'transform-stall': { endpoint: false, rate: false },
  /** Transform jobs fail for this reason (default InternalServerError). */
  'transform-fail': {
    endpoint: false,
    rate: true,
    errorType: ['InternalServerError', 'CapacityError', 'AlgorithmError', 'ClientError'],
  },
  /** Steps of pipelines fail. */
  'pipeline-fail': { endpoint: false, rate: true },
  /** Entries of PutEvents fail, one by one, with `errorType` (default InternalFailure). */
  'event-entry-error': { endpoint: false, rate: true, errorType: ['InternalFailure', 'ThrottlingException'] },
  'sts-hang': { endpoint: false, rate: true },
  /** The region's clock is ten minutes ahead, times `factor` (negative: behind). */
  'clock-skew': { endpoint: false, rate: false, factor: true },
} as const satisfies Record<string, KindRule>;

interface KindRule {
  readonly endpoint: boolean;
  readonly rate: boolean;
  readonly factor?: boolean;
  readonly periodMs?: boolean;
  readonly after?: boolean;
  readonly errorType?: readonly string[];
}

export type FaultKind = keyof typeof kinds;

/** A fault as it is asked for on the control listener. */
export interface FaultSpec {
  readonly region: string;
  readonly kind: FaultKind;
  readonly endpoint?: string;
  /** (0, 1] */
  readonly rate?: number;
  readonly factor?: number;
  readonly errorType?: string;
  readonly periodMs?: number;
  /** Bytes or events of a streamed answer that are still sent. Default 0. */
  readonly after?: number;
  /** The fault removes itself after this long. */
  readonly durationMs?: number;
}

/** What faults may refer to. */
export interface Known {
  readonly regions: readonly string[];
  /** Endpoint names of a region. */
  endpoints(region: string): readonly string[];
}

/** Every mistake found in a fault. */
export class FaultSpecError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('; '));
    this.problems = problems;
  }
}

const fields: readonly string[] = [
  'region',
  'endpoint',
  'kind',
  'rate',
  'factor',
  'errorType',
  'periodMs',
  'after',
  'durationMs',
];

/** Checks a fault strictly: unknown fields, values out of range and fields its kind does not take are all refused. */
export function parseFault(value: unknown, known: Known): FaultSpec {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new FaultSpecError(['expected a JSON object']);
  const given: Record<string, unknown> = { ...value };
  const problems = Object.keys(given)
    .filter(name => !fields.includes(name))
    .map(name => `${name}: unknown field; expected ${fields.join(', ')}`);
  const wrong = (name: string, expected: string) =>
    problems.push(`${name}: expected ${expected}, got ${JSON.stringify(given[name]) ?? 'nothing'}`);
  const { region, kind, endpoint } = given;
  if (typeof region !== 'string' || !known.regions.includes(region))
    wrong('region', `one of ${known.regions.join(', ')}`);
  if (!isKind(kind)) {
    wrong('kind', `one of ${Object.keys(kinds).join(', ')}`);
    throw new FaultSpecError(problems);
  }
  const rule: KindRule = kinds[kind];
  if (endpoint !== undefined) {
    const names = typeof region === 'string' ? known.endpoints(region) : [];
    if (!rule.endpoint) problems.push(`endpoint: ${kind} acts on a whole region; leave endpoint out`);
    else if (typeof endpoint !== 'string' || !names.includes(endpoint)) wrong('endpoint', `one of ${names.join(', ')}`);
  }
  problems.push(...numberProblems(given, kind, rule));
  if (given['errorType'] !== undefined) {
    if (rule.errorType === undefined) problems.push(`errorType: ${kind} does not take it`);
    else if (!rule.errorType.some(type => type === given['errorType']))
      wrong('errorType', `one of ${rule.errorType.join(', ')}`);
  }
  if (problems.length > 0) throw new FaultSpecError(problems);
  return given as unknown as FaultSpec;
}

function numberProblems(given: Record<string, unknown>, kind: FaultKind, rule: KindRule): string[] {
  const problems: string[] = [];
  const check = (name: string, taken: boolean, expected: string, holds: (value: number) => boolean) => {
    const value = given[name];
    if (value === undefined) return;
    if (!taken) problems.push(`${name}: ${kind} does not take it`);
    else if (typeof value !== 'number' || !Number.isFinite(value) || !holds(value)) {
      problems.push(`${name}: expected ${expected}, got ${JSON.stringify(value)}`);
    }
  };
  check('rate', rule.rate, 'a number above 0 and at most 1', rate => rate > 0 && rate <= 1);
  check(
    'factor',
    rule.factor === true,
    kind === 'slow' ? 'a number above 0' : 'a number',
    factor => kind !== 'slow' || factor > 0,
  );
  check('periodMs', rule.periodMs === true, 'at least 10 ms', ms => ms >= 10);
  check('after', rule.after === true, 'a whole number, 0 or more', after => Number.isInteger(after) && after >= 0);
  check('durationMs', true, 'a number of milliseconds above 0', ms => ms > 0);
  return problems;
}

function isKind(kind: unknown): kind is FaultKind {
  return typeof kind === 'string' && Object.hasOwn(kinds, kind);
}

export function isAwsErrorType(type: string): type is AwsErrorType {
  return Object.hasOwn(awsErrorStatus, type);
}
