import type { Value } from './payload.ts';

/** A JSON object; its members are not trusted. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A JSON text's value; undefined when it is none. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The values of JSON lines, at most so many; undefined when one of these lines is no JSON. Empty lines are passed over. */
export function lines(text: string, most: number): readonly unknown[] | undefined {
  const values: unknown[] = [];
  for (let start = 0; start < text.length && values.length < most; ) {
    const end = text.indexOf('\n', start);
    const line = text.slice(start, end < 0 ? text.length : end).trim();
    start = end < 0 ? text.length : end + 1;
    if (line === '') continue;
    const value = parse(line);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}

/** What a JSON pointer (RFC 6901) points at; undefined when there is nothing. Inherited names are nothing. */
export function at(document: unknown, pointer: string): unknown {
  if (pointer === '') return document;
  let value = document;
  for (const step of stepsOf(pointer)) {
    if (Array.isArray(value)) value = /^(0|[1-9]\d*)$/.test(step) ? value[Number(step)] : undefined;
    else value = isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
    if (value === undefined) return undefined;
  }
  return value;
}

/** Pointers come from configs, so there are few. */
const known = new Map<string, readonly string[]>();

function stepsOf(pointer: string): readonly string[] {
  let steps = known.get(pointer);
  if (steps === undefined) {
    steps = pointer
      .slice(1)
      .split('/')
      .map(step => step.replaceAll('~1', '/').replaceAll('~0', '~'));
    known.set(pointer, steps);
  }
  return steps;
}

const deepest = 8;

/** Adds a value, or the values within it under names of their own; false once `most` names are there. */
export function flatten(name: string, value: unknown, into: Map<string, Value>, most: number, depth = 0): boolean {
  if (typeof value === 'object' && value !== null) {
    if (depth >= deepest) return false;
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index++)
        if (!flatten(`${name}[${index}]`, value[index], into, most, depth + 1)) return false;
      return true;
    }
    const object = value as JsonObject;
    for (const key in object) if (!flatten(`${name}.${key}`, object[key], into, most, depth + 1)) return false;
    return true;
  }
  if (into.size >= most) return false;
  into.set(name, value as Value);
  return true;
}
