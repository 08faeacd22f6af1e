import { timingSafeEqual } from 'node:crypto';
import Type, { type Static } from 'typebox';
import Value from 'typebox/value';
import type { CacheEntry } from './cache.ts';
import type { CacheKeys } from './cache-key.ts';

/** An entry and until when it is of any use, wall-clock ms. */
export interface StoredEntry {
  readonly entry: CacheEntry;
  readonly usableUntilMs: number;
}

/** Format 1: magic, tag, header length and body length (big-endian 32 bit), header as JSON, body. */
const MAGIC = Buffer.from('MRC1', 'latin1');
const tagBytes = 32;
const taggedFrom = MAGIC.length + tagBytes;
const headerFrom = taggedFrom + 8;
const maxHeaderBytes = 65_536;

const Header = Type.Object(
  {
    model: Type.String({ minLength: 1 }),
    version: Type.String({ minLength: 1 }),
    targetName: Type.String(),
    storedAtMs: Type.Number({ minimum: 0 }),
    usableUntilMs: Type.Number({ minimum: 0 }),
    status: Type.Literal(200),
    headers: Type.Record(
      Type.String({ pattern: '^[a-z0-9-]+$' }),
      Type.String({ pattern: '^[\\t\\x20-\\x7e\\x80-\\xff]*$' }),
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
);
type Header = Static<typeof Header>;

/** The bytes kept in the shared store, sealed to `key`: they cannot be altered, or passed off under another key. */
export function encodeEntry(keys: CacheKeys, key: string, stored: StoredEntry): Buffer {
  const { answer, model, version, targetName, storedAtMs } = stored.entry;
  const { usableUntilMs } = stored;
  const header: Header = {
    model,
    version,
    targetName,
    storedAtMs,
    usableUntilMs,
    status: 200,
    headers: { ...answer.headers },
  };
  const json = Buffer.from(JSON.stringify(header), 'utf8');
  const bytes = Buffer.allocUnsafe(headerFrom + json.length + answer.body.length);
  bytes.writeUInt32BE(json.length, taggedFrom);
  bytes.writeUInt32BE(answer.body.length, taggedFrom + 4);
  json.copy(bytes, headerFrom);
  answer.body.copy(bytes, headerFrom + json.length);
  MAGIC.copy(bytes, 0);
  keys.seal(key, bytes.subarray(taggedFrom)).copy(bytes, MAGIC.length);
  return bytes;
}

/** The entry in `bytes`, or undefined for anything else: another format, cut short, altered, or of another key. */
export function decodeEntry(keys: CacheKeys, key: string, bytes: Buffer): StoredEntry | undefined {
  if (bytes.length < headerFrom || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const headerBytes = bytes.readUInt32BE(taggedFrom);
  const bodyFrom = headerFrom + headerBytes;
  if (headerBytes > maxHeaderBytes || bytes.length !== bodyFrom + bytes.readUInt32BE(taggedFrom + 4)) return undefined;
  if (!timingSafeEqual(keys.seal(key, bytes.subarray(taggedFrom)), bytes.subarray(MAGIC.length, taggedFrom))) {
    return undefined;
  }
  const header = parseHeader(bytes.toString('utf8', headerFrom, bodyFrom));
  if (header === undefined) return undefined;
  const { status, headers, usableUntilMs, ...origin } = header;
  return { entry: { answer: { status, headers, body: bytes.subarray(bodyFrom) }, ...origin }, usableUntilMs };
}

function parseHeader(json: string): Header | undefined {
  try {
    const parsed: unknown = JSON.parse(json);
    return Value.Check(Header, parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
