import { type Path, pathText, type Source } from './findings.ts';

const secretKeys = new Set([
  'accessKeyId',
  'secretAccessKey',
  'sessionToken',
  'externalId',
  'keySecret',
  'sha256',
  'secret',
  'encryptionKey',
  'formerEncryptionKeys',
]);
/** A text right under these is a secret written in the wrong place, such as a key instead of a list of keys. */
const secretWhenText = new Set(['auth', 'keys', 'issued', 'credentials', 'source']);
/** Words of the schema that may stand there and tell nothing. */
const harmless = new Set(['none', 'default']);

function isSecret(path: Path, value: unknown): boolean {
  const key = path.findLast(step => typeof step === 'string');
  if (key === undefined) return false;
  if (key === 'value' && path.at(-2) === 'auth') return true;
  return secretKeys.has(key) || (secretWhenText.has(key) && typeof value !== 'object' && !harmless.has(String(value)));
}

/** A URL without what stands before its last `@`; anything else is hidden whole: it may be a secret in the wrong place. */
function withoutPassword(text: string): string {
  const bare = text.replace(/^([a-z]+:\/\/).*@/is, '$1***@');
  return bare === text && (text.includes('@') || !text.includes('://')) ? '***' : bare;
}

function isUrl(path: Path): boolean {
  const key = path.findLast(step => typeof step === 'string');
  return key === 'url' || key === 'cluster';
}

/** The config as operators may see it: secrets replaced by `***`, all else as it is. */
export function redactConfig(value: unknown, path: Path = []): unknown {
  if (isSecret(path, value)) return '***';
  if (Array.isArray(value)) return value.map((item, index) => redactConfig(item, [...path, index]));
  if (typeof value === 'string') return isUrl(path) || value.includes('://') ? withoutPassword(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redactConfig(item, [...path, key])]));
}

/** A value as a finding shows it: short, without secrets, and as it was written when the environment filled it in. */
export function shown(source: Source, path: Path, value: unknown): string {
  const written = source.places.get(pathText(path))?.written;
  if (written !== undefined) return JSON.stringify(written);
  if (isSecret(path, value)) return 'a value (not shown)';
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return Object.keys(value).length === 0 ? 'an empty mapping' : 'a mapping';
  const text = typeof value === 'string' ? JSON.stringify(redactConfig(value, path)) : String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
