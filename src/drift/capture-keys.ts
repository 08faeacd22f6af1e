import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { isObject, parse } from './json-values.ts';
import type { CaptureStoreOptions } from './options.ts';

/** Seals and opens captured lines. */
export interface CaptureKeys {
  /** A line as it is written at a destination: sealed, unless its config says `encryption: none`. */
  seal(destination: string, line: string): string;
  /** A line as SageMaker would have written it, whatever destination it is of; the line itself when it is not sealed. */
  open(line: string): string;
}

/** A sealed line names its destination, and opens under that one's keys only. */
interface SealedLine {
  /** Of the destination. */
  readonly sealedFor: string;
  /** Initialisation vector, tag and text, Base64. */
  readonly sealed: string;
}

const [ivBytes, tagBytes] = [12, 16];

/** AES-256-GCM with a key per destination, which is derived from the config's; older keys open as well. */
export function captureKeys(options: CaptureStoreOptions | undefined): CaptureKeys {
  const keys = new Map<string, readonly Buffer[]>();
  for (const [name, { encryption }] of Object.entries(options?.destinations ?? {})) {
    if (encryption === 'none') continue;
    const texts = [encryption.encryptionKey, ...encryption.formerEncryptionKeys];
    keys.set(
      name,
      texts.map(text => Buffer.from(hkdfSync('sha256', text, '', `meridian capture ${name}`, 32))),
    );
  }
  return {
    seal: (destination, line) => {
      const key = keys.get(destination)?.[0];
      if (key === undefined) return line;
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(destination));
      const text = Buffer.concat([cipher.update(line, 'utf8'), cipher.final()]);
      const sealed = Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64');
      const envelope: SealedLine = { sealedFor: destination, sealed };
      return JSON.stringify(envelope);
    },
    open: line => {
      if (!line.startsWith('{"sealedFor":')) return line;
      const envelope = parse(line);
      if (!isSealed(envelope)) return line;
      for (const key of keys.get(envelope.sealedFor) ?? []) {
        const opened = openWith(key, envelope);
        if (opened !== undefined) return opened;
      }
      throw new Error(`no key of the destination ${envelope.sealedFor} opens this: name the config with --config`);
    },
  };
}

function isSealed(value: unknown): value is SealedLine {
  return isObject(value) && typeof value['sealedFor'] === 'string' && typeof value['sealed'] === 'string';
}

function openWith(key: Buffer, { sealedFor, sealed }: SealedLine): string | undefined {
  const bytes = Buffer.from(sealed, 'base64');
  if (bytes.length < ivBytes + tagBytes) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(sealedFor)).setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
  try {
    return decipher.update(bytes.subarray(ivBytes + tagBytes), undefined, 'utf8') + decipher.final('utf8');
  } catch {
    return undefined; // another key's, or not what was sealed
  }
}
