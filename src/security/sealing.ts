import { openSealed, seal, sealingKeys } from '../core/seal.ts';
import type { IssuedKeysOptions } from './options.ts';

/** Encrypts small secrets at rest. */
export interface Sealer {
  /** @param owner what the secret belongs to: it opens under no other */
  seal(secret: string, owner: string): string;
  /** The secret; undefined when none of the keys fits, or something was changed. */
  open(sealed: string, owner: string): string | undefined;
}

/** Seals with the config's key, opens with former ones as well. */
export function createSealer({ encryptionKey, formerEncryptionKeys }: IssuedKeysOptions): Sealer {
  const keys = sealingKeys([encryptionKey, ...formerEncryptionKeys], 'meridian issued keys');
  return {
    seal: (secret, owner) => seal(keys[0] as Buffer, secret, owner).toString('base64url'),
    open: (sealed, owner) => openSealed(keys, Buffer.from(sealed, 'base64url'), owner),
  };
}
