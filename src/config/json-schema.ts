import type { TSchema } from 'typebox';
import type { SchemaNode } from './expected.ts';
import { meanings } from './meanings.ts';
import { Config } from './schema.ts';

/** Any text with `${…}` may stand for a number, a boolean or a patterned text: the environment decides what it is. */
const filledIn = { type: 'string', pattern: '\\$\\{' } as const;

type Json = Readonly<Record<string, unknown>>;

/**
 * The config's JSON Schema for editors. Keys with a default are not required, meanings are filled in, and `${…}` may
 * stand wherever a number, a boolean, a literal or a patterned text does.
 */
export function configJsonSchema(): Json {
  const root = editable(Config as TSchema as SchemaNode, '');
  return { $schema: 'http://json-schema.org/draft-07/schema#', title: 'Meridian gateway config', ...root };
}

function editable(schema: SchemaNode, at: string): Json {
  const { properties, required, patternProperties, items, anyOf, default: fallback, description, ...same } = schema;
  const meaning = description ?? meanings[at];
  const told = {
    ...(meaning !== undefined && { description: meaning }),
    ...(fallback !== undefined && { default: fallback }),
  };
  if (anyOf !== undefined) {
    const branches = anyOf.map(branch => editable(branch, at));
    return { ...told, anyOf: anyOf.every(branch => branch.const !== undefined) ? [...branches, filledIn] : branches };
  }
  if (properties === undefined && patternProperties === undefined && items === undefined) {
    const plainText = schema.type === 'string' && schema.pattern === undefined && schema.minLength === undefined;
    return plainText || schema.const !== undefined || schema.type === 'null'
      ? { ...told, ...same }
      : { ...told, anyOf: [same, filledIn] };
  }
  return {
    ...told,
    ...same,
    ...(properties && { properties: mapValues(properties, (property, key) => editable(property, join(at, key))) }),
    ...(required && withoutDefaults(required, properties ?? {})),
    ...(patternProperties && {
      patternProperties: mapValues(patternProperties, entry => editable(entry, entryPath(at))),
    }),
    ...(items && { items: editable(items, `${at}[]`) }),
  };
}

function withoutDefaults(required: readonly string[], properties: Readonly<Record<string, SchemaNode>>): Json {
  const needed = required.filter(key => properties[key]?.default === undefined);
  return needed.length === 0 ? {} : { required: needed };
}

function mapValues<T, U>(of: Readonly<Record<string, T>>, map: (value: T, key: string) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(of).map(([key, value]) => [key, map(value, key)]));
}

/** `models.NAME.cache`: how the reference writes paths. */
export function join(at: string, key: string): string {
  return at === '' ? key : `${at}.${key}`;
}

/** Entries of a mapping whose keys are names: `models` → `models.MODEL`. */
export function entryPath(at: string): string {
  const last = at.slice(at.lastIndexOf('.') + 1);
  return join(at, last.replace(/s$/, '').toUpperCase());
}
