import type { Static, TSchema } from 'typebox';
import { expectedText, type SchemaNode } from './expected.ts';
import { type Finding, type Path, pathText, placeOf, type Source } from './findings.ts';
import { didYouMean, nearest } from './nearest.ts';
import { shown } from './secrets.ts';

/** A decoded value and every mistake of form in it. */
export interface Decoding<T> {
  /** The value with defaults filled in. Wrong or missing parts have stand-ins, so that all else can be looked at. */
  readonly value: T;
  readonly findings: readonly Finding[];
  /** Paths of the parts that are stand-ins. */
  readonly unsound: ReadonlySet<string>;
}

/** Checks a value against an option schema strictly and fills in defaults. Tells every mistake, not the first one. */
export function decode<T extends TSchema>(schema: T, source: Source): Decoding<Static<T>> {
  const decoder = new Decoder(source);
  const value = decoder.any(schema as SchemaNode, source.value, []) as Static<T>;
  return { value, findings: decoder.findings, unsound: decoder.unsound };
}

class Decoder {
  readonly findings: Finding[] = [];
  readonly unsound: Set<string>;
  readonly #source: Source;

  constructor(source: Source) {
    this.#source = source;
    this.unsound = new Set(source.findings.map(finding => finding.path));
  }

  any(schema: SchemaNode, value: unknown, path: Path): unknown {
    if (schema.anyOf !== undefined) return this.#union(schema, schema.anyOf, value, path);
    if (schema.type === 'object') return this.#object(schema, value, path);
    if (schema.type === 'array') return this.#array(schema, value, path);
    const fitting = this.#fitting(schema, value, path);
    return isScalarOf(schema, fitting) ? fitting : this.#wrong(schema, value, path);
  }

  #tell(path: Path, problem: string, mend: string): void {
    const text = pathText(path);
    if (this.unsound.has(text)) return;
    const { file, line } = placeOf(this.#source, path);
    this.findings.push({ severity: 'error', path: text, file, line, problem, mend });
    this.unsound.add(text);
  }

  #wrong(schema: SchemaNode, value: unknown, path: Path): unknown {
    const literals = schema.enum ?? schema.anyOf?.map(branch => branch.const) ?? [];
    const words = literals.filter(known => typeof known === 'string');
    const meant = typeof value === 'string' ? didYouMean(value, words) : '';
    const quotes =
      schema.type === 'string' && (typeof value === 'number' || typeof value === 'boolean') ? ', in quotes' : '';
    this.#tell(path, `found ${shown(this.#source, path, value)}`, `expected ${expectedText(schema)}${meant}${quotes}`);
    return standIn(schema);
  }

  /** `replicas: ${REPLICAS}` gives a text; where a number or boolean is wanted and it reads as one, it is one. */
  #fitting(schema: SchemaNode, value: unknown, path: Path): unknown {
    if (typeof value !== 'string' || this.#source.places.get(pathText(path))?.plain !== true) return value;
    if (schema.type === 'boolean') return value === 'true' || (value === 'false' ? false : value);
    const numeric = schema.type === 'number' || schema.type === 'integer';
    return numeric && /^-?[0-9]+(\.[0-9]+)?$/.test(value) ? Number(value) : value;
  }

  /** The branch the value fits; else the mistakes of the one branch it was meant for, judged by its keys. */
  #union(schema: SchemaNode, branches: readonly SchemaNode[], value: unknown, path: Path): unknown {
    const tries = branches.map(branch => {
      const decoder = new Decoder(this.#source);
      return { branch, decoder, decoded: decoder.any(branch, value, path) };
    });
    const alike = tries.filter(({ branch }) => isKindOf(branch, value));
    const meant =
      tries.find(({ decoder }) => decoder.findings.length === 0) ??
      alike.toSorted((a, b) => keysInCommon(b.branch, value) - keysInCommon(a.branch, value))[0];
    const guessed = meant !== undefined && alike.length > 1 && keysInCommon(meant.branch, value) === 0;
    if (meant === undefined || guessed) return this.#wrong(schema, value, path);
    this.findings.push(...meant.decoder.findings);
    for (const unsound of meant.decoder.unsound) this.unsound.add(unsound);
    return meant.decoded;
  }

  #array(schema: SchemaNode, value: unknown, path: Path): unknown {
    if (!Array.isArray(value) || value.length < (schema.minItems ?? 0)) return this.#wrong(schema, value, path);
    return value.map((item, index) => this.any(schema.items ?? {}, item, [...path, index]));
  }

  #object(schema: SchemaNode, value: unknown, path: Path): unknown {
    if (!isMapping(value)) return this.#wrong(schema, value, path);
    const [entry] = Object.entries(schema.patternProperties ?? {});
    if (entry !== undefined) return this.#record(schema, entry, value, path);
    const { properties = {}, required = [] } = schema;
    const known = Object.keys(properties);
    for (const key of Object.keys(value)) if (!known.includes(key)) this.#unknownKey(key, known, path);
    const decoded: Record<string, unknown> = {};
    for (const [key, property] of Object.entries(properties)) {
      const part = this.#property(property, required.includes(key), value[key], [...path, key]);
      if (part !== undefined) decoded[key] = part;
    }
    return decoded;
  }

  #unknownKey(key: string, known: readonly string[], path: Path): void {
    const near = nearest(key, known);
    const mend = near === undefined ? `known here: ${known.join(', ')}` : `did you mean "${near}"?`;
    this.#tell([...path, key], 'unknown key', mend);
  }

  #property(property: SchemaNode, required: boolean, given: unknown, path: Path): unknown {
    if (given !== undefined) return this.any(property, given, path);
    if (property.default !== undefined) return this.any(property, property.default, path);
    if (!required) return undefined;
    this.#tell(path, 'is missing', `write ${expectedText(property)}${meaning(property)}`);
    return standIn(property);
  }

  #record(schema: SchemaNode, [pattern, entry]: readonly [string, SchemaNode], value: Mapping, path: Path): unknown {
    const items = Object.entries(value);
    if (items.length < (schema.minProperties ?? 0)) return this.#wrong(schema, value, path);
    const expected = `expected ${expectedText({ type: 'string', pattern })}`;
    const decoded = items.map(([key, item]) => {
      if (!new RegExp(pattern).test(key)) this.#tell([...path, key], `found the name ${JSON.stringify(key)}`, expected);
      return [key, this.any(entry, item, [...path, key])];
    });
    return Object.fromEntries(decoded);
  }
}

/** The first sentence of a description, to follow what is expected. */
function meaning({ description }: SchemaNode): string {
  const [sentence = ''] = (description ?? '').split(/\.(?:\s|$)/);
  return sentence === '' ? '' : ` (${sentence.charAt(0).toLowerCase()}${sentence.slice(1)})`;
}

/** The least value of a schema's type, for a part that is wrong. Never leaves this folder: a finding goes with it. */
function standIn(schema: SchemaNode): unknown {
  if (schema.default !== undefined && schema.type !== 'object') return structuredClone(schema.default);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.anyOf !== undefined) return standIn(schema.anyOf[0] ?? {});
  if (schema.type === 'array') return [];
  if (schema.type === 'boolean') return false;
  if (schema.type === 'string') return '';
  if (schema.type !== 'object') return schema.minimum ?? 1;
  const { properties = {}, required = [] } = schema;
  return Object.fromEntries(required.map(key => [key, standIn(properties[key] ?? {})]));
}

type Mapping = Readonly<Record<string, unknown>>;

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isKindOf(schema: SchemaNode, value: unknown): boolean {
  if (schema.const !== undefined) return false;
  if (schema.type === 'object') return isMapping(value);
  return schema.type === 'array' ? Array.isArray(value) : schema.type === typeof value;
}

function keysInCommon(schema: SchemaNode, value: unknown): number {
  if (!isMapping(value)) return 0;
  return Object.keys(value).filter(key => Object.hasOwn(schema.properties ?? {}, key)).length;
}

function isScalarOf(schema: SchemaNode, value: unknown): boolean {
  if (schema.const !== undefined) return value === schema.const;
  if (schema.enum !== undefined) return schema.enum.includes(value);
  if (schema.type === 'null') return value === null;
  if (schema.type === 'boolean') return typeof value === 'boolean';
  if (schema.type === 'string') return typeof value === 'string' && isTextOf(schema, value);
  return typeof value === 'number' && isNumberOf(schema, value);
}

function isTextOf({ pattern, minLength = 0, maxLength = Number.POSITIVE_INFINITY }: SchemaNode, text: string): boolean {
  const { length } = [...text];
  return length >= minLength && length <= maxLength && (pattern === undefined || new RegExp(pattern).test(text));
}

function isNumberOf(schema: SchemaNode, value: number): boolean {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  if (!Number.isFinite(value) || (schema.type === 'integer' && !Number.isInteger(value))) return false;
  if (minimum !== undefined && value < minimum) return false;
  if (maximum !== undefined && value > maximum) return false;
  if (exclusiveMinimum !== undefined && value <= exclusiveMinimum) return false;
  if (exclusiveMaximum !== undefined && value >= exclusiveMaximum) return false;
  return multipleOf === undefined || value % multipleOf === 0;
}
