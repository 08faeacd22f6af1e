import { isObject, type JsonObject } from './json-values.ts';
import type { Instance, Value } from './payload.ts';

/**
 * A JSON object without objects in it, read where it is: most instances are such, and a map of each would cost more than
 * everything else that monitoring does. Undefined for any other value, and for one with too many features.
 */
export function flatInstance(value: unknown, maxFeatures: number): Instance | undefined {
  if (!isObject(value)) return undefined;
  let size = 0;
  for (const name in value) {
    const part = value[name];
    if (typeof part === 'object' && part !== null) return undefined;
    size += 1;
  }
  return size > maxFeatures ? undefined : new FlatInstance(value, size);
}

class FlatInstance implements Instance {
  readonly size: number;
  readonly #object: JsonObject;

  constructor(object: JsonObject, size: number) {
    this.#object = object;
    this.size = size;
  }

  get(name: string): Value | undefined {
    const value = this.#object[name];
    // What is inherited is a function or an object, and no feature.
    return typeof value === 'function' || (typeof value === 'object' && value !== null) ? undefined : (value as Value);
  }

  keys(): Iterable<string> {
    return Object.keys(this.#object);
  }

  [Symbol.iterator](): Iterator<[string, Value]> {
    return (Object.entries(this.#object) as [string, Value][])[Symbol.iterator]();
  }
}
