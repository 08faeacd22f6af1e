import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const [ivBytes, tagBytes] = [12, 16];

/** Keys for one purpose, made of texts from the config (HKDF-SHA-256): the first seals, all of them open. */
export function sealingKeys(texts: readonly string[], purpose: string): readonly Buffer[] {
  return texts.map(text => Buffer.from(hkdfSync('sha256', text, '', purpose, 32)));
}

/** AES-256-GCM: initialisation vector, tag, text. @param boundTo what it belongs to: it opens under no other */
export function seal(key: Buffer, text: string, boundTo: string): Buffer {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(boundTo));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]);
}

/** What was sealed; undefined when none of the keys fits, or something was changed. */
export function openSealed(keys: readonly Buffer[], bytes: Buffer, boundTo: string): string | undefined {
  for (const key of keys) {
    const text = openWith(key, bytes, boundTo);
    if (text !== undefined) return text;
  }
  return undefined;
}

function openWith(key: Buffer, bytes: Buffer, boundTo: string): string | undefined {
  if (bytes.length < ivBytes + tagBytes) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(boundTo)).setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
  try {
    return decipher.update(bytes.subarray(ivBytes + tagBytes), undefined, 'utf8') + decipher.final('utf8');
  } catch {
    return undefined; // another key's, or not what was sealed
  }
}
