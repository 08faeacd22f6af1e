import { randomBytes } from 'node:crypto';
import { GatewayError } from '../core/errors.ts';
import { endOf, type IssuedRecord, type IssuedSecret, type Revocation } from './issued-record.ts';
import { type IssuedKeysDeps, IssuedRing, issuedPrefixes } from './issued-ring.ts';
import type { Sealer } from './sealing.ts';

/** Who a new key is for and what it may do; `expiresAt` in ISO 8601. */
export type KeyGrant = Pick<IssuedRecord, 'tenant' | 'models' | 'residency' | 'expiresAt'>;

/** What is told once, and kept sealed only. */
export interface NewSecret {
  readonly id: string;
  readonly secret: string;
}

/** A key as operators see it. */
export interface IssuedKeyView extends Omit<IssuedRecord, 'secrets'> {
  readonly state: 'active' | 'rotating' | 'expired' | 'revoked' | 'unreadable';
  readonly secrets: readonly Omit<IssuedSecret, 'sealed'>[];
  readonly revoked: Revocation | null;
  /** ISO 8601, to a few minutes; null when never, as far as is known. */
  readonly lastUsedAt: string | null;
}

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** What operators do with the keys they give out. Records are in the state store, so every replica and restart knows them. */
export class IssuedKeys {
  readonly ring: IssuedRing;
  readonly #deps: IssuedKeysDeps;
  #sealer: Sealer | undefined;

  constructor(deps: IssuedKeysDeps, sealer: Sealer | undefined) {
    this.#deps = deps;
    this.#sealer = sealer;
    this.ring = new IssuedRing(deps, sealer);
  }

  /** A reload may bring other encryption keys. */
  use(sealer: Sealer | undefined): void {
    this.#sealer = sealer;
    this.ring.use(sealer);
  }

  /** Resolves once durable. Throws `invalid-request` where no encryption key is configured. */
  async create(grant: KeyGrant, by: string): Promise<NewSecret> {
    const id = `MK${[...randomBytes(18)].map(byte => base32[byte % 32]).join('')}`;
    const { secret, sealed } = this.#newSecret(id);
    const createdAt = this.#now();
    await this.#keep({ ...grant, id, createdAt, createdBy: by, secrets: [{ sealed, createdAt }] });
    return { id, secret };
  }

  /** Adds a secret; the one until now goes on for `overlapMs`. Throws when two are alive already. */
  async rotate(id: string, overlapMs: number): Promise<NewSecret & { readonly olderEndsAt: string }> {
    const record = this.#usable(id);
    const nowMs = this.#deps.clock.wallMs();
    const [current, older] = record.secrets.filter(secret => endOf(record, secret) > nowMs);
    if (older !== undefined) {
      const mend = `wait until ${older.endsAt}, or end it with meridian keys rotate ${id} --finish`;
      throw new GatewayError('invalid-request', `${id} is being rotated, and its older secret still lives: ${mend}.`);
    }
    const { secret, sealed } = this.#newSecret(id);
    const olderEndsAt = new Date(nowMs + overlapMs).toISOString();
    const ending = current === undefined ? [] : [{ ...current, endsAt: olderEndsAt }];
    await this.#keep({ ...record, secrets: [{ sealed, createdAt: this.#now() }, ...ending] });
    return { id, secret, olderEndsAt };
  }

  /** Ends a rotation: the older secret is refused from now on. */
  async finish(id: string): Promise<void> {
    const record = this.#usable(id);
    await this.#keep({ ...record, secrets: record.secrets.slice(0, 1) });
  }

  /** Takes a key back for good: here at once, elsewhere when the state store tells. */
  async revoke(id: string, by: string): Promise<void> {
    this.#recordOf(id);
    const revocation: Revocation = { by, at: this.#now() };
    await this.#deps.state.set(issuedPrefixes.revoked + id, JSON.stringify(revocation));
    this.ring.read(id);
  }

  list(): IssuedKeyView[] {
    return this.ring.ids().flatMap(id => this.find(id) ?? []);
  }

  /** A key as operators see it; undefined for an id that was never issued. */
  find(id: string): IssuedKeyView | undefined {
    const record = this.ring.record(id);
    if (record === undefined) return undefined;
    const { secrets, ...shown } = record;
    return {
      ...shown,
      state: this.#stateOf(record),
      secrets: secrets.map(({ sealed: _, ...secret }) => secret),
      revoked: this.ring.revocation(id) ?? null,
      lastUsedAt: this.#deps.state.get(issuedPrefixes.used + id) ?? null,
    };
  }

  close(): void {
    this.ring.close();
  }

  #stateOf(record: IssuedRecord): IssuedKeyView['state'] {
    const nowMs = this.#deps.clock.wallMs();
    if (this.ring.revocation(record.id) !== undefined) return 'revoked';
    if (!record.secrets.some(secret => endOf(record, secret) > nowMs)) return 'expired';
    const live = this.ring.byId(record.id).filter(credential => credential.endsAtMs > nowMs);
    if (live.length === 0) return 'unreadable';
    return live.length > 1 ? 'rotating' : 'active';
  }

  #newSecret(id: string): { readonly secret: string; readonly sealed: string } {
    if (this.#sealer === undefined)
      throw new GatewayError(
        'invalid-request',
        'This gateway issues no keys: write auth.issued.encryptionKey in its config, from the environment or a file.',
      );
    const secret = `mk_${randomBytes(30).toString('base64url')}`;
    return { secret, sealed: this.#sealer.seal(secret, id) };
  }

  async #keep(record: IssuedRecord): Promise<void> {
    await this.#deps.state.set(issuedPrefixes.record + record.id, JSON.stringify(record));
    this.ring.read(record.id);
  }

  #recordOf(id: string): IssuedRecord {
    const record = this.ring.record(id);
    if (record === undefined)
      throw new GatewayError('not-found', `No key with the id ${id} was issued: see meridian keys list.`);
    return record;
  }

  #usable(id: string): IssuedRecord {
    const record = this.#recordOf(id);
    const state = this.#stateOf(record);
    if (state === 'revoked' || (record.expiresAt !== undefined && state === 'expired'))
      throw new GatewayError('invalid-request', `${id} is ${state}: make another with meridian keys create.`);
    return record;
  }

  #now(): string {
    return new Date(this.#deps.clock.wallMs()).toISOString();
  }
}
