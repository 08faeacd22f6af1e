/** The part of JSON Schema that the option schemas use. */
export interface SchemaNode {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly SchemaNode[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: boolean | SchemaNode;
  readonly items?: SchemaNode;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
  readonly default?: unknown;
  readonly description?: string;
}

/** Words for the patterns of the option schemas; a pattern without words is shown as it is. */
const patternWords: readonly (readonly [pattern: string, words: string])[] = [
  ['^[A-Za-z0-9_-]{1,64}$', 'up to 64 letters, digits, _ and -'],
  ['^[A-Za-z0-9_.-]{1,64}$', 'up to 64 letters, digits, _, . and -'],
  ['^[a-z0-9-]{1,32}$', 'up to 32 lower-case letters, digits and -'],
  ['^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$', 'a relative path such as sea/model.tar.gz'],
  ['^[\\w+=,.@-]{2,64}$', '2 to 64 letters, digits and +=,.@_-'],
  ['^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$', 'a name of up to 63 letters, digits and inner hyphens'],
  ['^([a-z]{2}(-[a-z]+)+-[0-9]|x-[a-z0-9-]{1,32})$', 'an AWS region such as us-east-1, or x-NAME for another place'],
  ['^.+:[0-9]{1,5}$', 'an address such as 127.0.0.1:8080'],
  ['^https?://[^/?#]+$', 'a URL without a path, such as https://host:443'],
  ['^rediss?://', 'a URL such as redis://host:6379'],
  ['^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$', 'a bucket’s name: 3 to 63 lower-case letters, digits, . and -'],
  ['^[0-9a-f]{64}$', '64 hex digits, the SHA-256 of the key, in lower case'],
  ['^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$', 'a role such as arn:aws:iam::123456789012:role/name'],
];

function patternText(pattern: string): string {
  return patternWords.find(([known]) => known === pattern)?.[1] ?? `a text matching ${pattern}`;
}

function textWords(schema: SchemaNode): string {
  if (schema.pattern !== undefined) return patternText(schema.pattern);
  const { minLength = 0, maxLength } = schema;
  if (maxLength !== undefined) return `a text of ${minLength} to ${maxLength} characters`;
  if (minLength > 1) return `a text of at least ${minLength} characters`;
  return minLength === 1 ? 'a text that is not empty' : 'a text';
}

function numberWords(schema: SchemaNode): string {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  const kind = schema.type === 'integer' ? 'a whole number' : 'a number';
  const bounds: string[] = [];
  if (minimum !== undefined && maximum !== undefined) bounds.push(`${minimum} to ${maximum}`);
  else if (minimum !== undefined) bounds.push(`${minimum} or more`);
  if (exclusiveMinimum !== undefined) bounds.push(`above ${exclusiveMinimum}`);
  if (exclusiveMaximum !== undefined) bounds.push(`below ${exclusiveMaximum}`);
  if (minimum === undefined && maximum !== undefined) bounds.push(`at most ${maximum}`);
  if (multipleOf !== undefined) bounds.push(`a multiple of ${multipleOf}`);
  return [kind, ...bounds].join(', ');
}

function mappingWords(schema: SchemaNode): string {
  const { properties = {}, required = [] } = schema;
  const needed = required.filter(key => properties[key]?.default === undefined);
  const keys = [...new Set([...needed, ...Object.keys(properties)])];
  if (keys.length > 0) return `a mapping with ${keys.slice(0, 4).join(', ')}${keys.length > 4 ? ', …' : ''}`;
  return schema.minProperties === undefined ? 'a mapping' : 'a mapping with at least one entry';
}

/** What a schema takes, in words: `a whole number, 1 or more`; `one of "a", "b"`. */
export function expectedText(schema: SchemaNode): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return `one of ${schema.enum.map(known => JSON.stringify(known)).join(', ')}`;
  if (schema.anyOf !== undefined) {
    const parts = schema.anyOf.filter(branch => branch.type !== 'null').map(expectedText);
    return schema.anyOf.every(branch => branch.const !== undefined) ? `one of ${parts.join(', ')}` : parts.join(' or ');
  }
  if (schema.type === 'string') return textWords(schema);
  if (schema.type === 'integer' || schema.type === 'number') return numberWords(schema);
  if (schema.type === 'boolean') return 'true or false';
  if (schema.type === 'array') return schema.minItems === undefined ? 'a list' : 'a list that is not empty';
  if (schema.type === 'object') return mappingWords(schema);
  return 'nothing';
}
