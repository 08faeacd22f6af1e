import { hash, timingSafeEqual } from 'node:crypto';
import { GatewayError } from '../core/errors.ts';
import type { Caller } from '../core/request.ts';
import type { AuthOptions } from './options.ts';

/** What a request says about its caller, taken from the headers before any byte of the body is read. */
export interface Credentials {
  readonly apiKey: string | undefined;
  readonly authorization: string | undefined;
}

/** Finds out who is calling. Throws `unauthenticated` with what to do. */
export type Authenticate = (credentials: Credentials) => Caller;

const anonymous: Caller = { tenant: 'anonymous' };

/** Callers by API key, kept as SHA-256 digests only. Under `none`, unknown or badly signed credentials are anonymous. */
export function createAuthenticate(auth: AuthOptions): Authenticate {
  if (auth === 'none') return () => anonymous;
  const byDigest = new Map(
    auth.keys.map(key => {
      const caller: Caller = {
        tenant: key.tenant,
        keyId: key.id,
        ...(key.models && { models: new Set(key.models) }),
        ...(key.residency && { residency: new Set(key.residency) }),
      };
      return [key.sha256, { digest: Buffer.from(key.sha256, 'hex'), caller }] as const;
    }),
  );
  return credentials => {
    const presented = credentials.apiKey ?? bearerToken(credentials.authorization);
    if (presented === undefined) {
      throw new GatewayError(
        'unauthenticated',
        credentials.authorization?.startsWith('AWS4-')
          ? 'This gateway knows callers by API key, not by AWS signature: add the header x-api-key (AWS SDKs can send extra headers).'
          : 'No API key: send it as x-api-key or as Authorization: Bearer.',
      );
    }
    const digest = hash('sha256', presented, 'hex');
    // The map is keyed by digest, so a near miss learns nothing; the final comparison takes constant time.
    const known = byDigest.get(digest);
    if (known === undefined || !timingSafeEqual(known.digest, Buffer.from(digest, 'hex'))) {
      throw new GatewayError(
        'unauthenticated',
        'This API key is not known here: check it, or ask the operator for one.',
      );
    }
    return known.caller;
  };
}

/** The token of an `Authorization: Bearer` header. */
export function bearerToken(authorization: string | undefined): string | undefined {
  const match = authorization === undefined ? null : /^Bearer ([^\s]+)$/i.exec(authorization);
  return match?.[1];
}

/** Throws `not-allowed` unless the caller's key names this model. */
export function authorize(caller: Caller, model: string): void {
  if (caller.models !== undefined && !caller.models.has(model)) {
    throw new GatewayError(
      'not-allowed',
      `Your API key may not call the model ${model}: ask the operator to add it to the key.`,
    );
  }
}
