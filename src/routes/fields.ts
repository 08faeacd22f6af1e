import type { IncomingHttpHeaders } from 'node:http';
import { GatewayError } from '../core/errors.ts';
import type { Hints, InvokeFields } from '../core/request.ts';
import { profileGeography } from '../core/residency.ts';
import { fieldRules } from './field-rules.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

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
  const residency = readResidency(headers, calledBy);
  if (residency !== undefined) set('residency', residency);
  const region = headers['x-meridian-region'];
  if (region !== undefined) set('region', readRegion(region));
  const fallback = headers['x-meridian-fallback'];
  if (fallback !== undefined) {
    if (fallback !== 'none' && fallback !== 'any') throw invalid('x-meridian-fallback', 'none or any');
    set('fallback', fallback);
  }
  const cacheControl = headers['cache-control'];
  if (cacheControl !== undefined) set('cache', readCacheControl(cacheControl));
  return hints ?? noHints;
}

function readResidency(headers: IncomingHttpHeaders, calledBy: string): string | undefined {
  const name = 'x-meridian-residency';
  const stated = headers[name];
  const wanted =
    stated === undefined ? undefined : matching(name, stated, /^[a-z0-9-]{1,32}$/, 'a residency class such as eu');
  const geography = profileGeography(calledBy);
  if (geography === undefined || geography === 'global') return wanted;
  if (wanted !== undefined && wanted !== geography)
    throw invalid(name, `${geography}, as the inference profile named says, or be left out`);
  return geography;
}

function readRegion(value: string | string[]): Hints['region'] {
  const wanted = matching(
    'x-meridian-region',
    value,
    /^!?([a-z]{2}(-[a-z]+)+-[0-9]|x-[a-z0-9-]{1,32})$/,
    'a region such as eu-west-1, or !us-east-1 to avoid one',
  );
  return wanted.startsWith('!') ? { exclude: wanted.slice(1) } : { pin: wanted };
}

/**
 * RFC 9111 request directives we honour; others mean nothing here and are ignored, as the RFC asks. One of ours that
 * cannot be read is refused: ignoring it would hand out answers older than the caller asked for.
 */
function readCacheControl(value: string): Hints['cache'] {
  const directives = value
    .toLowerCase()
    .split(',')
    .map(part => part.trim());
  const bounds = directives.flatMap(maxStaleSeconds);
  return {
    noCache: directives.includes('no-cache'),
    noStore: directives.includes('no-store'),
    ...(bounds.length > 0 && { maxStaleSeconds: Math.min(...bounds) }),
  };
}

/** The bound a `max-stale` names, as a token or quoted (RFC 9111 §5.2); none for other directives, or without a bound. */
function maxStaleSeconds(directive: string): readonly number[] {
  const [name, bound] = directive.split(/\s*=(.*)/, 2);
  if (name !== 'max-stale' || bound === undefined) return [];
  const seconds = /^("?)(\d+)\1$/.exec(bound)?.[2];
  if (seconds === undefined)
    throw invalid('cache-control', 'in whole seconds where it says max-stale=, as in max-stale=60');
  return [Number(seconds)];
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
