/** One secret of an issued key, sealed. */
export interface IssuedSecret {
  readonly sealed: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** ISO 8601; of the older one while a key is rotated. */
  readonly endsAt?: string;
}

/** An issued key as the state store keeps it. */
export interface IssuedRecord {
  readonly id: string;
  readonly tenant: string;
  readonly models?: readonly string[];
  readonly residency?: readonly string[];
  /** ISO 8601. */
  readonly expiresAt?: string;
  readonly createdAt: string;
  readonly createdBy: string;
  /** Newest first. */
  readonly secrets: readonly IssuedSecret[];
}

/** Who took a key back, and when (ISO 8601). */
export interface Revocation {
  readonly by: string;
  readonly at: string;
}

/** The record in `text`; undefined for anything that is not one: such a key lets nobody in. */
export function decodeIssued(text: string): IssuedRecord | undefined {
  const value = parse(text);
  if (typeof value !== 'object' || value === null) return undefined;
  const { id, tenant, models, residency, expiresAt, createdAt, createdBy, secrets } = value as Partial<IssuedRecord>;
  const texts = [id, tenant, createdAt, createdBy].every(part => typeof part === 'string');
  const lists = [models, residency].every(part => part === undefined || isListOf(part, isText));
  if (!texts || !lists || !isListOf(secrets, isSecret) || !isTimeOrNone(expiresAt)) return undefined;
  return value as IssuedRecord;
}

/** What is written there; its mere presence revokes, whatever it says. */
export function decodeRevocation(text: string): Revocation {
  const value = parse(text);
  const { by, at } = typeof value === 'object' && value !== null ? (value as Partial<Revocation>) : {};
  return { by: typeof by === 'string' ? by : 'unknown', at: typeof at === 'string' ? at : 'unknown' };
}

/** When a secret of a key ends, wall-clock ms; infinity for never. */
export function endOf(record: IssuedRecord, secret: IssuedSecret): number {
  const ends = [record.expiresAt, secret.endsAt].flatMap(at => (at === undefined ? [] : [Date.parse(at)]));
  return Math.min(...ends, Number.POSITIVE_INFINITY);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isListOf(value: unknown, is: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(is);
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

/** A limit in time that cannot be read must not become none. */
function isTimeOrNone(value: unknown): boolean {
  return value === undefined || (typeof value === 'string' && !Number.isNaN(Date.parse(value)));
}

function isSecret(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { sealed, createdAt, endsAt } = value as Partial<IssuedSecret>;
  return isText(sealed) && isText(createdAt) && isTimeOrNone(endsAt);
}
