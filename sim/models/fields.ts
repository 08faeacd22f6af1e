/** The caller sent something a model cannot use. The message is for the caller; a container answers it with 400. */
export class BadInput extends Error {}

/** One row of a request, not trusted yet: numbers from JSON, text from CSV. */
export type Fields = Readonly<Record<string, unknown>>;

/** A local date and time without a zone, as the data has it. */
export interface LocalTime {
  readonly year: number;
  /** Days since 1 January: 0 to 365. */
  readonly dayOfYear: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  /** Hours since midnight, with a fraction; 0 for a plain date. */
  readonly hour: number;
}

const decimal = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;
const isoLocalTime = /^\s*(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::\d{2}(?:\.\d+)?)?)?\s*$/;
const dayMs = 86_400_000;

/** A finite number between `min` and `max`, from a JSON number or from decimal text. Throws `BadInput`. */
export function readNumber(fields: Fields, name: string, min: number, max: number): number {
  const value = fields[name];
  const number = typeof value === 'string' && decimal.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !(number >= min && number <= max)) {
    throw new BadInput(`${name}: expected a number from ${min} to ${max}, got ${show(value)}`);
  }
  return number;
}

/** An ISO 8601 date, with or without a time of day and without a zone. Throws `BadInput`. */
export function readLocalTime(fields: Fields, name: string): LocalTime {
  const value = fields[name];
  const time = typeof value === 'string' ? parseLocalTime(value) : undefined;
  if (!time) throw new BadInput(`${name}: expected a date such as 2014-11-03 or 2014-11-03T17:20, got ${show(value)}`);
  return time;
}

function parseLocalTime(text: string): LocalTime | undefined {
  const [, year, month, day, hour = 0, minute = 0] = (isoLocalTime.exec(text) ?? []).map(part =>
    part === undefined ? part : Number(part),
  );
  if (year === undefined || month === undefined || day === undefined || hour > 23 || minute > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  // Date rolls 30 February over to March; a date that moved was not one.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const newYear = new Date(0).setUTCFullYear(year, 0, 1);
  const dayOfYear = Math.round((date.getTime() - newYear) / dayMs);
  return { year, dayOfYear, weekday: date.getUTCDay(), hour: hour + minute / 60 };
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : (JSON.stringify(value) ?? typeof value).slice(0, 60);
}
