import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Principal, Principals } from './principals.ts';
import { canonicalRequest, type SignedRequest } from './sigv4-canonical.ts';

/** What the credential scope must say. */
export interface Scope {
  readonly region: string;
  readonly service: string;
}

export type SignatureProblem = 'missing' | 'incomplete' | 'unknown-key' | 'expired-token' | 'invalid';

/** Why a signature was refused; services name the same problem differently. */
export class SignatureError extends Error {
  readonly problem: SignatureProblem;

  constructor(problem: SignatureProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}

interface Authorization {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const algorithm = 'AWS4-HMAC-SHA256';
const maxSkewMs = 5 * 60_000;

/**
 * Verifies a Signature Version 4 `Authorization` header, written from AWS's description of the algorithm (IAM User
 * Guide, "Create a signed AWS API request") and independent of any signer. Returns who signed; throws SignatureError.
 */
export function verifySignature(
  request: SignedRequest,
  scope: Scope,
  wallMs: number,
  principals: Principals,
): Principal {
  const authorization = parseAuthorization(request);
  const timestamp = single(request, 'x-amz-date');
  checkSignedHeaders(request, authorization);
  checkTime(timestamp, authorization.date, wallMs);
  const principal = principals.byAccessKey(authorization.accessKeyId);
  const token = single(request, 'x-amz-security-token');
  if (principal === undefined || (principal.sessionToken ?? '') !== token) {
    throw new SignatureError('unknown-key', 'The security token included in the request is invalid.');
  }
  if (principal.expiresAtMs !== undefined && principal.expiresAtMs <= wallMs) {
    throw new SignatureError('expired-token', 'The security token included in the request is expired');
  }
  checkScope(authorization, scope);
  const expected = sign(request, authorization, timestamp, principal.secretAccessKey);
  if (!sameDigest(expected, authorization.signature)) {
    throw new SignatureError(
      'invalid',
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    );
  }
  return principal;
}

function parseAuthorization(request: SignedRequest): Authorization {
  const header = single(request, 'authorization');
  if (header === '') throw new SignatureError('missing', 'Missing Authentication Token');
  if (!header.startsWith(`${algorithm} `))
    throw new SignatureError('incomplete', `Unsupported AWS 'algorithm': '${header.split(' ')[0]}'.`);
  const parts = new Map<string, string>();
  for (const part of header.slice(algorithm.length + 1).split(',')) {
    const [name = '', value = ''] = part.trim().split(/=(.*)/s);
    parts.set(name, value);
  }
  const absent = ['Credential', 'Signature', 'SignedHeaders'].filter(name => !parts.get(name));
  if (single(request, 'x-amz-date') === '') absent.push('X-Amz-Date');
  if (absent.length > 0) {
    const wants = absent.map(name =>
      name === 'X-Amz-Date' ? "existence of a 'X-Amz-Date' header" : `'${name}' parameter`,
    );
    throw new SignatureError('incomplete', `Authorization header requires ${wants.join(', ')}.`);
  }
  const credential = (parts.get('Credential') ?? '').split('/');
  const [accessKeyId = '', date = '', region = '', service = '', terminator] = credential.slice(-5);
  if (credential.length < 5 || terminator !== 'aws4_request') {
    throw new SignatureError(
      'incomplete',
      'Credential must have exactly 5 slash-delimited elements and end in aws4_request.',
    );
  }
  const signedHeaders = (parts.get('SignedHeaders') ?? '').split(';');
  return { accessKeyId, date, region, service, signedHeaders, signature: parts.get('Signature') ?? '' };
}

function checkSignedHeaders(request: SignedRequest, { signedHeaders }: Authorization): void {
  if (!signedHeaders.includes('host') && !signedHeaders.includes(':authority')) {
    throw new SignatureError('invalid', "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  }
  const loose = Object.keys(request.headers).filter(name => name.startsWith('x-amz-') && !signedHeaders.includes(name));
  if (loose.length > 0) {
    throw new SignatureError(
      'invalid',
      `There were headers present in the request which were not signed: ${loose.join(', ')}`,
    );
  }
}

function checkTime(timestamp: string, scopeDate: string, wallMs: number): void {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(timestamp);
  if (match === null) {
    throw new SignatureError(
      'incomplete',
      `Date must be in ISO-8601 'basic format'. Got '${timestamp}'. See http://en.wikipedia.org/wiki/ISO_8601`,
    );
  }
  if (!timestamp.startsWith(`${scopeDate}T`)) {
    throw new SignatureError(
      'invalid',
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${scopeDate}' != '${timestamp.slice(0, 8)}', from '${timestamp}'.`,
    );
  }
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  const signedAtMs = Date.UTC(year, month - 1, day, hour, minute, second);
  const now = basicDate(wallMs);
  if (signedAtMs < wallMs - maxSkewMs) {
    const limit = basicDate(wallMs - maxSkewMs);
    throw new SignatureError(
      'invalid',
      `Signature expired: ${timestamp} is now earlier than ${limit} (${now} - 5 min.)`,
    );
  }
  if (signedAtMs > wallMs + maxSkewMs) {
    const limit = basicDate(wallMs + maxSkewMs);
    throw new SignatureError(
      'invalid',
      `Signature not yet current: ${timestamp} is still later than ${limit} (${now} + 5 min.)`,
    );
  }
}

function checkScope(authorization: Authorization, scope: Scope): void {
  if (authorization.region !== scope.region) {
    throw new SignatureError(
      'invalid',
      `Credential should be scoped to a valid region, not '${authorization.region}'. `,
    );
  }
  if (authorization.service !== scope.service) {
    throw new SignatureError('invalid', `Credential should be scoped to correct service: '${scope.service}'. `);
  }
}

function sign(request: SignedRequest, authorization: Authorization, timestamp: string, secret: string): string {
  const { date, region, service } = authorization;
  const digest = createHash('sha256').update(canonicalRequest(request, authorization.signedHeaders)).digest('hex');
  const text = [algorithm, timestamp, `${date}/${region}/${service}/aws4_request`, digest].join('\n');
  let key: Buffer = Buffer.from(`AWS4${secret}`);
  for (const part of [date, region, service, 'aws4_request', text])
    key = createHmac('sha256', key).update(part).digest();
  return key.toString('hex');
}

function single(request: SignedRequest, name: string): string {
  return request.headers[name]?.[0] ?? '';
}

function sameDigest(expected: string, given: string): boolean {
  return /^[0-9a-f]{64}$/.test(given) && timingSafeEqual(Buffer.from(expected), Buffer.from(given));
}

function basicDate(wallMs: number): string {
  return new Date(wallMs).toISOString().replace(/[-:]|\.\d{3}/g, '');
}
