import { createHash, timingSafeEqual } from 'node:crypto';
import { GatewayError } from '../core/errors.ts';
import { bearerToken } from './callers.ts';

/** A token that may post to hooks: its id, and the hex SHA-256 of the token itself. */
export interface HookToken {
  readonly id: string;
  readonly sha256: string;
}

/**
 * Who posts to a hook, by `Authorization: Bearer TOKEN`, or as the password of `Basic`, which is all that SNS can send
 * (`https://any:TOKEN@host/…`); the token's id, or throws. Without any token configured nobody
 * may, on loopback neither: what a hook says can start a training. Every token is compared, each in constant time.
 */
export function hookCaller(tokens: readonly HookToken[], authorization: string | undefined): string {
  if (tokens.length === 0)
    throw new GatewayError('not-allowed', 'No token may post to hooks: the operator lists them in hooks.tokens.');
  const digest = createHash('sha256')
    .update(bearerToken(authorization) ?? basicPassword(authorization) ?? '')
    .digest();
  const [found] = tokens.filter(({ sha256 }) => timingSafeEqual(Buffer.from(sha256, 'hex'), digest));
  if (found !== undefined) return found.id;
  throw new GatewayError(
    'unauthenticated',
    'A hook needs one of the tokens in hooks.tokens: Authorization: Bearer TOKEN.',
    authorization === undefined ? { status: 401 } : {},
  );
}

function basicPassword(authorization: string | undefined): string | undefined {
  const [, encoded] = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString();
  return text.includes(':') ? text.slice(text.indexOf(':') + 1) : undefined;
}
