import { hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Model } from '../core/model.ts';
import type { Permission } from '../core/operation.ts';
import type { Caller } from '../core/request.ts';
import { badSignature, isSigV4, readSigV4, type SigV4Claim } from '../wire/sigv4.ts';
import type { SignedHead } from '../wire/sigv4-canonical.ts';
import type { Credential, KeyRing } from './credential.ts';

/** Who a call comes from, as far as its headers tell. */
export interface Identity {
  /** Believed; proven only if `proven`. */
  readonly caller: Caller;
  readonly by: 'key' | 'signature' | 'nothing';
  /** Whether the headers alone prove it. If not, `confirm` has to, once the body's hash is known. */
  readonly proven: boolean;
  /** Who it is, given the body's SHA-256 (lower-case hex). Throws `bad-signature` when the signature does not cover that body. */
  confirm(bodySha256: string): Caller;
}

/** Finds out who is calling before any byte of the body is read. Throws `unauthenticated` or `bad-signature`, with what to do. */
export type Identify = (head: SignedHead) => Identity;

/** What finding out needs of the rest. */
export interface IdentifyDeps {
  readonly clock: Clock;
  /** Asked in this order. */
  readonly rings: readonly KeyRing[];
  /** Whether unknown or badly signed credentials count as the tenant `anonymous`. */
  readonly anonymous: boolean;
  /** Puts the tenant's policy on a caller. */
  bind(caller: Caller): Caller;
}

const nobody: Caller = { tenant: 'anonymous' };

/** By API key or bearer token, kept as digests, or by an AWS signature made with an issued pair. */
export function createIdentify({ clock, rings, anonymous, bind }: IdentifyDeps): Identify {
  const byToken = (token: string): Identity => {
    const sha256 = hash('sha256', token, 'hex'); // rings are keyed by digest, so a near miss learns nothing
    for (const ring of rings) {
      const known = ring.bySha256(sha256);
      if (known !== undefined && known.endsAtMs > clock.wallMs()) return proven(known);
    }
    throw unauthenticated('This API key is not known here, or no longer: check it, or ask the operator for one.');
  };
  const bySignature = (head: SignedHead): Identity => {
    const nowMs = clock.wallMs();
    const claim = readSigV4(head.headers, nowMs);
    const known = rings.flatMap(ring => ring.byId(claim.accessKeyId)).filter(({ endsAtMs }) => endsAtMs > nowMs);
    const [first] = known;
    if (first === undefined)
      throw unauthenticated(
        'This access key id is not known here, or no longer: sign with a pair that was issued here.',
      );
    if (claim.announcedSha256 !== undefined) return announced(claim, claim.announcedSha256, head, known);
    return {
      caller: first.caller,
      by: 'signature',
      proven: false,
      confirm: sha256 => signerOf(claim, head, known, sha256).caller,
    };
  };
  const identify: Identify = head => {
    const token = apiKeyOf(head.headers) ?? bearerToken(head.headers.authorization);
    if (token !== undefined) return byToken(token);
    if (isSigV4(head.headers.authorization)) return bySignature(head);
    throw unauthenticated('No API key: send it as x-api-key or as Authorization: Bearer, or sign with an issued pair.');
  };
  const known = anonymous ? (head: SignedHead) => orNobody(() => identify(head)) : identify;
  return head => {
    const { caller, by, proven, confirm } = known(head);
    return { caller: bind(caller), by, proven, confirm: sha256 => bind(confirm(sha256)) };
  };
}

/** The head proves it all, given that the body is the one it speaks of. */
function announced(claim: SigV4Claim, sha256: string, head: SignedHead, known: readonly Credential[]): Identity {
  const { caller } = signerOf(claim, head, known, sha256);
  const confirm = (bodySha256: string) => {
    if (bodySha256 === sha256) return caller;
    throw badSignature('The body is not the one that was signed: its hash differs from x-amz-content-sha256.');
  };
  return { caller, by: 'signature', proven: true, confirm };
}

/** Whose secret signed it: of two while a key is rotated. */
function signerOf(claim: SigV4Claim, head: SignedHead, known: readonly Credential[], sha256: string): Credential {
  const signer = known.find(credential => credential.signed(claim, head, sha256));
  if (signer === undefined)
    throw badSignature('The signature does not hold: check the secret, and that nothing changes the call on its way.');
  signer.used();
  return signer;
}

function proven(credential: Credential): Identity {
  const { caller } = credential;
  credential.used();
  return { caller, by: 'key', proven: true, confirm: () => caller };
}

/** Credentials that are refused, now or once the body is here, count as nobody's. */
function orNobody(identify: () => Identity): Identity {
  const identity = orElse<Identity>(identify, { caller: nobody, by: 'nothing', proven: true, confirm: () => nobody });
  return { ...identity, confirm: sha256 => orElse(() => identity.confirm(sha256), nobody) };
}

function orElse<T>(attempt: () => T, otherwise: T): T {
  try {
    return attempt();
  } catch (error) {
    if (isRefusal(error)) return otherwise;
    throw error;
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof GatewayError && (error.code === 'unauthenticated' || error.code === 'bad-signature');
}

function unauthenticated(message: string): GatewayError {
  return new GatewayError('unauthenticated', message);
}

function apiKeyOf(headers: IncomingHttpHeaders): string | undefined {
  const value = headers['x-api-key'];
  return typeof value === 'string' ? value : undefined;
}

/** The token of an `Authorization: Bearer` header. */
export function bearerToken(authorization: string | undefined): string | undefined {
  const match = authorization === undefined ? null : /^Bearer ([^\s]+)$/i.exec(authorization);
  return match?.[1];
}

/**
 * The model that a call names, found or not, if its caller may use it so. Whoever is held to some models is told the same
 * of all others, be they here or not. Throws `unknown-model` or `not-allowed`.
 */
export function allowedModel(found: Model | undefined, caller: Caller | undefined, permission: Permission): Model {
  if (caller?.models !== undefined && (found === undefined || !caller.models.has(found.name)))
    throw new GatewayError(
      'not-allowed',
      'Your API key may not call a model of this name: check the name, or ask the operator to add it to the key.',
    );
  if (found === undefined)
    throw new GatewayError('unknown-model', 'No model of this name is configured here: check the name.');
  if (caller?.operations === undefined || caller.operations.has(permission)) return found;
  throw new GatewayError(
    'not-allowed',
    `Your tenant may not ${permission}, only ${[...caller.operations].join(' and ')}: ask the operator to allow it.`,
  );
}
