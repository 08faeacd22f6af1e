import type { Clock } from '../core/clock.ts';
import type { StateStore } from '../state/state.ts';
import { Credential, callerOf, type KeyRing } from './credential.ts';
import { decodeIssued, decodeRevocation, endOf, type IssuedRecord, type Revocation } from './issued-record.ts';
import type { Sealer } from './sealing.ts';

/** What issued keys need of the rest. */
export interface IssuedKeysDeps {
  readonly state: StateStore;
  readonly clock: Clock;
  /** Keeps track of work that no caller waits for. */
  background(work: () => Promise<unknown>): void;
}

/** Where the records of a key are. A revocation has its own, so that no rotation on another replica can undo it. */
export const issuedPrefixes = {
  record: 'caller-key/',
  revoked: 'caller-key-revoked/',
  used: 'caller-key-used/',
} as const;

/** Each use written down would be a write per call. */
const usedEveryMs = 300_000;

/**
 * Issued keys as calls look them up: what is in the state store, opened once, when a record arrives. What another
 * replica changed is in force as soon as the store has heard of it.
 */
export class IssuedRing implements KeyRing {
  readonly #deps: IssuedKeysDeps;
  readonly #byId = new Map<string, readonly Credential[]>();
  readonly #bySha256 = new Map<string, Credential>();
  readonly #markedAt = new Map<string, number>();
  readonly #unwatch: () => void;
  #sealer: Sealer | undefined;

  constructor(deps: IssuedKeysDeps, sealer: Sealer | undefined) {
    this.#deps = deps;
    this.#sealer = sealer;
    this.use(sealer);
    this.#unwatch = deps.state.watch(key => {
      for (const prefix of [issuedPrefixes.record, issuedPrefixes.revoked])
        if (key.startsWith(prefix)) this.read(key.slice(prefix.length));
    });
  }

  bySha256(sha256: string): Credential | undefined {
    return this.#bySha256.get(sha256);
  }

  byId(id: string): readonly Credential[] {
    return this.#byId.get(id) ?? [];
  }

  /** Opens every key anew: a reload may bring other encryption keys. */
  use(sealer: Sealer | undefined): void {
    this.#sealer = sealer;
    for (const id of this.ids()) this.read(id);
  }

  ids(): string[] {
    return [...this.#deps.state.list(issuedPrefixes.record).keys()].map(key => key.slice(issuedPrefixes.record.length));
  }

  record(id: string): IssuedRecord | undefined {
    return decodeIssued(this.#deps.state.get(issuedPrefixes.record + id) ?? '');
  }

  revocation(id: string): Revocation | undefined {
    const text = this.#deps.state.get(issuedPrefixes.revoked + id);
    return text === undefined ? undefined : decodeRevocation(text);
  }

  /** Opens what there is of one key now. */
  read(id: string): void {
    for (const { sha256 } of this.byId(id)) this.#bySha256.delete(sha256);
    this.#byId.delete(id);
    const record = this.record(id);
    if (record === undefined || this.revocation(id) !== undefined) return;
    const caller = callerOf(record);
    const credentials = record.secrets.flatMap(kept => {
      const secret = this.#sealer?.open(kept.sealed, id);
      if (secret === undefined) return [];
      return [new Credential(caller, { secret }, endOf(record, kept), () => this.#markUsed(id))];
    });
    this.#byId.set(id, credentials);
    for (const credential of credentials) this.#bySha256.set(credential.sha256, credential);
  }

  close(): void {
    this.#unwatch();
  }

  #markUsed(id: string): void {
    const { clock, state } = this.#deps;
    const marked = this.#markedAt.get(id);
    if (marked !== undefined && clock.now() - marked < usedEveryMs) return;
    this.#markedAt.set(id, clock.now());
    this.#deps.background(() => state.set(issuedPrefixes.used + id, new Date(clock.wallMs()).toISOString()));
  }
}
