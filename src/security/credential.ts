import { hash, type KeyObject } from 'node:crypto';
import type { Caller } from '../core/request.ts';
import { type SigV4Claim, signatureHolds, signingKey } from '../wire/sigv4.ts';
import type { SignedHead } from '../wire/sigv4-canonical.ts';
import type { ApiKeyOptions, AuthOptions } from './options.ts';

/** Days × regions × services one secret signs for at a time; far more than anyone uses. */
const maxSigningKeys = 64;

/** One secret of a key, and who presents it. */
export class Credential {
  readonly caller: Caller;
  /** Hex. */
  readonly sha256: string;
  /** Wall-clock ms from which on it is refused. */
  readonly endsAtMs: number;
  readonly #secret: string | undefined;
  readonly #used: () => void;
  readonly #signingKeys = new Map<string, KeyObject>();

  constructor(caller: Caller, secret: { sha256: string } | { secret: string }, endsAtMs: number, used = () => {}) {
    this.caller = caller;
    this.#secret = 'secret' in secret ? secret.secret : undefined;
    this.sha256 = 'secret' in secret ? hash('sha256', secret.secret, 'hex') : secret.sha256;
    this.endsAtMs = endsAtMs;
    this.#used = used;
  }

  /** Notes that it let somebody in. */
  used(): void {
    this.#used();
  }

  /** Whether it signed this call. Only good claims leave something behind in memory. */
  signed(claim: SigV4Claim, head: SignedHead, bodySha256: string): boolean {
    if (this.#secret === undefined) return false;
    const known = this.#signingKeys.get(claim.scope);
    const key = known ?? signingKey(this.#secret, claim);
    if (!signatureHolds(claim, head, key, bodySha256)) return false;
    if (known === undefined) this.#keep(claim.scope, key);
    return true;
  }

  #keep(scope: string, key: KeyObject): void {
    if (this.#signingKeys.size >= maxSigningKeys) this.#signingKeys.clear();
    this.#signingKeys.set(scope, key);
  }
}

/** Keys as calls look them up. */
export interface KeyRing {
  bySha256(sha256: string): Credential | undefined;
  /** The live secrets of a key; empty for an id that is not known. */
  byId(id: string): readonly Credential[];
}

/** The keys of the config. */
export function configKeys(auth: AuthOptions): KeyRing {
  const keys = auth === 'none' ? [] : auth.keys;
  const credentials = keys.map(
    key =>
      new Credential(
        callerOf(key),
        key.secret === undefined ? { sha256: key.sha256 ?? '' } : { secret: key.secret },
        Number.POSITIVE_INFINITY,
      ),
  );
  const bySha256 = new Map(credentials.map(credential => [credential.sha256, credential]));
  const byId = new Map(credentials.map(credential => [credential.caller.keyId ?? '', [credential]]));
  return { bySha256: sha256 => bySha256.get(sha256), byId: id => byId.get(id) ?? [] };
}

/** The caller that a key stands for. */
export function callerOf(
  key: Pick<ApiKeyOptions, 'id' | 'tenant'> & {
    readonly models?: readonly string[] | undefined;
    readonly residency?: readonly string[] | undefined;
  },
): Caller {
  return {
    tenant: key.tenant,
    keyId: key.id,
    ...(key.models && { models: new Set(key.models) }),
    ...(key.residency && { residency: new Set(key.residency) }),
  };
}
