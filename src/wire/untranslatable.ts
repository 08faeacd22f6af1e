/** Something asked for that the other protocol cannot say. `message` names the field and what to do. */
export class Untranslatable extends Error {
  /** As OpenAI names it: `messages[2].content`. */
  readonly field: string;

  constructor(field: string, why: string) {
    super(`${field}: ${why}`);
    this.name = 'Untranslatable';
    this.field = field;
  }
}

/** A value as an object; anything else is refused. */
export function objectAt(field: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Untranslatable(field, 'must be an object.');
  return value as Readonly<Record<string, unknown>>;
}

/** A value as a list; anything else is refused. */
export function listAt(field: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Untranslatable(field, 'must be a list.');
  return value;
}

/** A value as a text; anything else is refused. */
export function textAt(field: string, value: unknown): string {
  if (typeof value !== 'string') throw new Untranslatable(field, 'must be a text.');
  return value;
}

/** A value as a number between two; anything else is refused. */
export function numberAt(field: string, value: unknown, least: number, most: number): number {
  if (typeof value !== 'number' || !(value >= least && value <= most))
    throw new Untranslatable(field, `must be a number from ${least} to ${most}.`);
  return value;
}

/** A value as a whole number between two; anything else is refused. */
export function integerAt(field: string, value: unknown, least: number, most: number): number {
  if (Number.isInteger(numberAt(field, value, least, most))) return value as number;
  throw new Untranslatable(field, `must be a whole number from ${least} to ${most}.`);
}

/** Refuses members that are not known, and would else be dropped. */
export function knownOnly(field: string, value: Readonly<Record<string, unknown>>, known: readonly string[]): void {
  for (const name of Object.keys(value)) {
    if (!known.includes(name) && value[name] !== null && value[name] !== undefined)
      throw new Untranslatable(field === '' ? name : `${field}.${name}`, 'is not known here: leave it out.');
  }
}
