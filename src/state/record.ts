/** One named value as replicas exchange it: the record with the greater stamp wins (a last-writer-wins map). */
export interface StateRecord {
  readonly key: string;
  /** Undefined for one that was deleted; kept, so that a replica that was away does not bring it back. */
  readonly value: string | undefined;
  readonly stamp: string;
}

const stampDigits = 15;
const writerLength = 8;
/** Length of every stamp: wall-clock ms, a dash, who wrote it. */
export const stampLength = stampDigits + 1 + writerLength;
const STAMP = new RegExp(`^\\d{${stampDigits}}-[0-9a-f]{${writerLength}}$`);

/**
 * A stamp for a new write, in text order with all others: later than `previous` even if this host's clock is behind
 * the one that wrote it (Kulkarni et al., "Logical Physical Clocks", 2014, with one counter for both parts).
 * @param writer eight hex digits that tell replicas apart
 * @param previous empty for the first
 */
export function nextStamp(nowWallMs: number, writer: string, previous: string): string {
  const afterMs = previous === '' ? 0 : Number(previous.slice(0, stampDigits)) + 1;
  return `${String(Math.max(Math.floor(nowWallMs), afterMs)).padStart(stampDigits, '0')}-${writer}`;
}

/** When a record was written, by its writer's wall clock, ms. */
export function writtenAtMs(record: StateRecord): number {
  return Number(record.stamp.slice(0, stampDigits));
}

/** The stamp, then `=` and the value, or `-` for a deletion. The stamp leads, so that a Lua script can compare it. */
export function encodeRecord(record: StateRecord): string {
  return record.stamp + (record.value === undefined ? '-' : `=${record.value}`);
}

/** The record in `text`, or undefined for anything that is not one. */
export function decodeRecord(key: string, text: string): StateRecord | undefined {
  const stamp = text.slice(0, stampLength);
  const mark = text[stampLength];
  if (!STAMP.test(stamp) || (mark !== '=' && mark !== '-')) return undefined;
  return { key, value: mark === '=' ? text.slice(stampLength + 1) : undefined, stamp };
}

/** Whether `record` should replace `known`. */
export function isNewer(record: StateRecord, known: StateRecord | undefined): boolean {
  return known === undefined || record.stamp > known.stamp;
}
