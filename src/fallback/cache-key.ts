import { createHmac, createSecretKey, hash, hkdfSync, randomBytes } from 'node:crypto';
import type { InferenceRequest } from '../core/request.ts';

/** Makes cache keys, and seals what is stored under them, with secrets derived from one. */
export interface CacheKeys {
  /**
   * The key of one answer: two calls share it only if the same version would be asked the same question for the same
   * tenant under the same residency bound. About 2 µs.
   * @param residencyBound the intersection of the model's, the key's and the caller's residency, as canonical text
   */
  key(request: InferenceRequest, version: string, residencyBound: string): string;
  /** What keys of a tenant's answers begin with after model and version, and no other's: opaque without the secret. */
  tenantTag(tenant: string): string;
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
    request.operation,
    fields.targetModel,
    fields.targetVariant,
    // Containers of one endpoint are different models behind one name.
    fields.targetContainerHostname,
    fields.inferenceComponent,
    fields.enableExplanations,
    fields.accept,
    fields.contentType,
    fields.customAttributes,
    fields.guardrailIdentifier,
    fields.guardrailVersion,
    fields.performanceLatency,
    fields.serviceTier,
    fields.trace,
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
  const derive = (purpose: string) => Buffer.from(hkdfSync('sha256', secret, 'meridian', purpose, 32));
  const digestOf = shortHmac(derive('cache-key'));
  const tenantTag = rememberedTags(shortHmac(derive('cache-tenant')));
  const sealer = createSecretKey(derive('cache-entry')); // bytes handed to createHmac cost seven times as much per call
  return {
    shareable: keySecret !== undefined,
    tenantTag,
    key: (request, version, residencyBound) => {
      const encoded = encodeFields([version, ...answerFields(request, residencyBound)]);
      return `${request.model}/${version}/${tenantTag(request.caller.tenant)}.${digestOf(encoded)}`;
    },
    seal: (key, bytes) => createHmac('sha256', sealer).update(`${key.length}:${key}`, 'utf16le').update(bytes).digest(),
  };
}

const tagLength = 11;
const mostTags = 10_000;

/** Tags of tenants, each made once: keys are made on every call. */
function rememberedTags(digestOf: (text: string) => string): (tenant: string) => string {
  const tags = new Map<string, string>();
  return tenant => {
    let tag = tags.get(tenant);
    if (tag === undefined) {
      if (tags.size >= mostTags) tags.clear();
      tag = digestOf(tenant).slice(0, tagLength);
      tags.set(tenant, tag);
    }
    return tag;
  };
}

const blockBytes = 64;
const digestBytes = 32;

/**
 * HMAC-SHA-256 (RFC 2104) of texts, as base64url. Two one-shot hashes over kept blocks: an `Hmac` object per call costs
 * twice as much, and more again when it is collected. UTF-16, because UTF-8 would fold every lone surrogate into one
 * character.
 * @param key at most 64 bytes
 */
export function shortHmac(key: Buffer): (text: string) => string {
  const padded = (byte: number) => Buffer.alloc(blockBytes, byte).map((pad, at) => pad ^ (key[at] ?? 0));
  const innerPad = padded(0x36);
  const outer = Buffer.concat([padded(0x5c), Buffer.alloc(digestBytes)]);
  return text => {
    const inner = Buffer.allocUnsafe(blockBytes + 2 * text.length);
    inner.set(innerPad);
    inner.write(text, blockBytes, 'utf16le');
    outer.write(hash('sha256', inner, 'binary'), blockBytes, 'binary');
    return hash('sha256', outer, 'base64url');
  };
}
