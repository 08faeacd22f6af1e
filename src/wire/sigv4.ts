import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { GatewayError } from '../core/errors.ts';
import { canonicalHead, type SignedHead } from './sigv4-canonical.ts';

/** What a signed call says of itself. Nothing of it is proven until `signatureHolds`. */
export interface SigV4Claim {
  readonly accessKeyId: string;
  /** `20251020`. */
  readonly day: string;
  readonly region: string;
  readonly service: string;
  /** `day/region/service/aws4_request`. */
  readonly scope: string;
  readonly signedNames: string;
  readonly signature: Buffer;
  /** `20251020T064800Z`. */
  readonly time: string;
  /** The body's hash where the caller wrote it down (`x-amz-content-sha256`): then the head alone proves the call. */
  readonly announcedSha256: string | undefined;
}

/** As AWS: a signature is good this long before and after its time. */
export const skewMs = 300_000;

/** Services whose SDK clients speak to the gateway. */
const services: ReadonlySet<string> = new Set(['sagemaker', 'bedrock']);
const authorization =
  /^AWS4-HMAC-SHA256 +Credential=([\w-]{1,128})\/(\d{8})\/([a-z0-9-]{1,32})\/([a-z0-9-]{1,32})\/aws4_request *, *SignedHeaders=([^, ]{1,4096}) *, *Signature=([0-9a-f]{64})$/;
/** Headers that change what is served; CloudFront and AWS' load balancers add the exceptions behind the signer's back. */
const mustBeSigned = /^x-amz-(?!cf-id$)|^x-amzn-(?:sagemaker|bedrock)-/;

/** Whether this is an AWS signature, good or bad. */
export function isSigV4(authorizationHeader: string | undefined): authorizationHeader is string {
  return authorizationHeader?.startsWith('AWS4-') === true;
}

/**
 * Reads who a call claims to be signed by, and checks all that needs no key: form, time, scope, which headers are
 * covered. Throws `bad-signature` with what to do.
 */
export function readSigV4(headers: IncomingHttpHeaders, nowWallMs: number): SigV4Claim {
  const parts = authorization.exec(headers.authorization ?? '');
  if (parts === null)
    throw badSignature(
      'The Authorization header is no AWS Signature Version 4 of SHA-256 for sagemaker or bedrock: let an AWS SDK sign.',
    );
  const [, accessKeyId = '', day = '', region = '', service = '', signedNames = '', signature = ''] = parts;
  if (!services.has(service))
    throw badSignature(`Signed for the service ${service}: sign for sagemaker or bedrock, as their SDK clients do.`);
  const time = headers['x-amz-date'];
  if (typeof time !== 'string' || !/^\d{8}T\d{6}Z$/.test(time) || time.slice(0, 8) !== day)
    throw badSignature('x-amz-date must be there, as 20251020T064800Z, on the day of the credential scope.');
  checkTime(time, nowWallMs);
  checkCovered(headers, signedNames);
  return {
    accessKeyId,
    day,
    region,
    service,
    scope: `${day}/${region}/${service}/aws4_request`,
    signedNames,
    signature: Buffer.from(signature, 'hex'),
    time,
    announcedSha256: announcedHash(headers['x-amz-content-sha256']),
  };
}

/** The key that signs for one day, region and service. Not bare bytes: Node would make a key object on every use. */
export function signingKey(secret: string, { day, region, service }: SigV4Claim): KeyObject {
  let key = createHmac('sha256', `AWS4${secret}`).update(day).digest();
  for (const part of [region, service, 'aws4_request']) key = createHmac('sha256', key).update(part).digest();
  return createSecretKey(key);
}

/** Whether this key signed this head over a body with this SHA-256 (lower-case hex). Compares in constant time. */
export function signatureHolds(claim: SigV4Claim, head: SignedHead, key: KeyObject, bodySha256: string): boolean {
  const canonical = canonicalHead(head, claim.signedNames);
  if (canonical === undefined) return false;
  const toSign = `AWS4-HMAC-SHA256\n${claim.time}\n${claim.scope}\n${hash('sha256', canonical + bodySha256, 'hex')}`;
  return timingSafeEqual(createHmac('sha256', key).update(toSign).digest(), claim.signature);
}

function checkTime(time: string, nowWallMs: number): void {
  const signedAt = Date.UTC(
    Number(time.slice(0, 4)),
    Number(time.slice(4, 6)) - 1,
    Number(time.slice(6, 8)),
    Number(time.slice(9, 11)),
    Number(time.slice(11, 13)),
    Number(time.slice(13, 15)),
  );
  if (Math.abs(nowWallMs - signedAt) <= skewMs) return;
  throw badSignature(
    `Signed at ${time}, more than five minutes from the gateway's ${new Date(nowWallMs).toISOString()}: set the clock, and sign each call anew.`,
  );
}

function checkCovered(headers: IncomingHttpHeaders, signedNames: string): void {
  const names = signedNames.split(';');
  const host = names.includes('host') || names.includes(':authority');
  const missing = Object.keys(headers).filter(name => mustBeSigned.test(name) && !names.includes(name));
  if (host && missing.length === 0) return;
  throw badSignature(`The signature must cover ${[...(host ? [] : ['host']), ...missing].join(', ')}.`);
}

/** Undefined when the caller left it to the body. Hashes of parts, or none, would leave the body unproven. */
function announcedHash(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (typeof header === 'string' && /^[0-9a-f]{64}$/.test(header)) return header;
  throw badSignature('x-amz-content-sha256 must be the SHA-256 of the body; it may not be left unsigned or in parts.');
}

/** An AWS signature that cannot be taken; SDKs know the error type, and mend their clock by the answer's `date`. */
export function badSignature(message: string): GatewayError {
  return new GatewayError('bad-signature', message);
}
