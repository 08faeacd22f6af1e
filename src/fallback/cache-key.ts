import { createHmac, createSecretKey, hkdfSync, randomBytes } from 'node:crypto';
import type { InferenceRequest } from '../core/request.ts';

/** Makes cache keys, and seals what is stored under them, with secrets derived from one. */
export interface CacheKeys {
  /**
   * The key of one answer: two calls share it only if the same version would be asked the same question for the same
   * tenant under the same residency bound. About 2 µs.
   * @param residencyBound the intersection of the model's, the key's and the caller's residency, as canonical text
   */
  key(request: InferenceRequest, version: string, residencyBound: string): string;
  /** A 32-byte tag that only holders of the secret can make; binds an entry's bytes to its key. */
  seal(key: string, bytes: Uint8Array): Buffer;
  /** Whether another process with the same config makes the same keys. False without a configured secret. */
  readonly shareable: boolean;
}

/** Length-prefixed, so that no two lists of fields encode alike; absent differs from empty. */
export function encodeFields(fields: readonly (string | undefined)[]): string {
  let encoded = '';
  for (const field of fields) encoded += field === undefined ? '-' : `${field.length}:${field}`;
  return encoded;
}

/** Everything that may change an answer. Never the inference id or trace ids, which differ on every call. */
export function answerFields(request: InferenceRequest, residencyBound: string): readonly (string | undefined)[] {
  const { fields } = request;
  return [
    request.caller.tenant,
    residencyBound,
    request.model,
    fields.targetModel,
    fields.targetVariant,
    // Containers of one endpoint are different models behind one name.
    fields.targetContainerHostname,
    fields.inferenceComponent,
    fields.enableExplanations,
    fields.accept,
    fields.contentType,
    fields.customAttributes,
    request.bodySha256,
  ];
}

/**
 * Cache keys under `keySecret`, or under a random secret of this process when there is none; then nothing can be
 * shared through Redis. The fields go through an HMAC, so that keys tell a reader of Redis nothing about payloads,
 * tenants or attributes; model and version stay readable for operators.
 */
export function cacheKeys(keySecret: string | undefined): CacheKeys {
  const secret = keySecret ?? randomBytes(32);
  // A KeyObject, not bytes: handing bytes to createHmac costs seven times as much per call.
  const derive = (purpose: string) => createSecretKey(Buffer.from(hkdfSync('sha256', secret, 'meridian', purpose, 32)));
  const keySigner = derive('cache-key');
  const sealer = derive('cache-entry');
  return {
    shareable: keySecret !== undefined,
    key: (request, version, residencyBound) => {
      const encoded = encodeFields([version, ...answerFields(request, residencyBound)]);
      // UTF-16, because UTF-8 would fold every lone surrogate into one character.
      const digest = createHmac('sha256', keySigner).update(encoded, 'utf16le').digest('base64url');
      return `${request.model}/${version}/${digest}`;
    },
    seal: (key, bytes) => createHmac('sha256', sealer).update(`${key.length}:${key}`, 'utf16le').update(bytes).digest(),
  };
}
