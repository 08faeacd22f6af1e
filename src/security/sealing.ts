import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { IssuedKeysOptions } from './options.ts';

/** Encrypts small secrets at rest. */
export interface Sealer {
  /** @param owner what the secret belongs to: it opens under no other */
  seal(secret: string, owner: string): string;
  /** The secret; undefined when none of the keys fits, or something was changed. */
  open(sealed: string, owner: string): string | undefined;
}

const [ivBytes, tagBytes] = [12, 16];

/** AES-256-GCM. Seals with the config's key, opens with former ones as well. */
export function createSealer({ encryptionKey, formerEncryptionKeys }: IssuedKeysOptions): Sealer {
  const keys = [encryptionKey, ...formerEncryptionKeys].map(text =>
    Buffer.from(hkdfSync('sha256', text, '', 'meridian issued keys', 32)),
  );
  return {
    seal: (secret, owner) => {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv('aes-256-gcm', keys[0] as Buffer, iv).setAAD(Buffer.from(owner));
      const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64url');
    },
    open: (sealed, owner) => {
      const bytes = Buffer.from(sealed, 'base64url');
      for (const key of keys) {
        const secret = openWith(key, bytes, owner);
        if (secret !== undefined) return secret;
      }
      return undefined;
    },
  };
}

function openWith(key: Buffer, bytes: Buffer, owner: string): string | undefined {
  if (bytes.length < ivBytes + tagBytes) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(owner)).setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
  try {
    return decipher.update(bytes.subarray(ivBytes + tagBytes), undefined, 'utf8') + decipher.final('utf8');
  } catch {
    return undefined; // another key's, or not what was sealed
  }
}
