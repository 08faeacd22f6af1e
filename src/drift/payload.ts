import type { TensorMapping } from '../core/tensors.ts';
import { type CsvTable, readCsv } from './csv.ts';
import { flatInstance } from './flat-instance.ts';
import { at, flatten, isObject, lines, parse } from './json-values.ts';
import type { PayloadOptions } from './payload-options.ts';
import { isTensors, predictionsOfTensors, recordsOfTensors } from './tensor-payload.ts';

/** One value of a feature. */
export type Value = number | string | boolean | null;

/** The features of one instance, by name; what is missing is not there, or null. A map is one. */
export interface Instance {
  get(name: string): Value | undefined;
  readonly size: number;
  keys(): Iterable<string>;
  [Symbol.iterator](): Iterator<[string, Value]>;
}

/** Where features and predictions stand in a model's payloads. */
export interface PayloadShape extends PayloadOptions {
  /** Of models that also take the Open Inference Protocol. */
  readonly tensors?: TensorMapping;
}

/** Why a payload, or a part of it, told nothing. */
export type PayloadProblem =
  | 'unreadable'
  | 'no-instances'
  | 'not-an-instance'
  | 'too-many-instances'
  | 'too-many-features'
  /** Another number of values than there are names: which value has which name is a guess. */
  | 'ragged';

/** What was found in a payload. */
export interface Records {
  readonly instances: readonly Instance[];
  /** Each kind once. */
  readonly problems: readonly PayloadProblem[];
  /** False where every value is a text, as in CSV: a number is then told by its form. */
  readonly typed: boolean;
}

const unreadable: Records = { instances: [], problems: ['unreadable'], typed: true };

/**
 * The instances of a request's body: JSON, JSON lines, CSV, or tensors of the Open Inference Protocol. Nested values are
 * features of their own, `a.b` and `a[0]`. Never throws, whatever the body is.
 */
export function readRecords(shape: PayloadShape, contentType: string | undefined, body: Uint8Array): Records {
  const format = formatOf(contentType);
  const text = textOf(body);
  if (text === undefined) return unreadable;
  if (format === 'csv') return fromCsv(shape, readCsv(text, shape.columns, shape.csvHeader, shape.maxInstances));
  if (format === 'lines') {
    const rows = lines(text, shape.maxInstances + 1);
    return rows === undefined ? unreadable : fromList(shape, rows);
  }
  const document = parse(text);
  if (document === undefined) return unreadable;
  const found = at(document, shape.instances);
  if (found === undefined && shape.tensors !== undefined && isTensors(document))
    return recordsOfTensors(shape, shape.tensors, document);
  if (Array.isArray(found)) return fromList(shape, found);
  // One instance by itself, as SageMaker's own containers take it.
  return isObject(found) ? fromList(shape, [found]) : { ...unreadable, problems: ['no-instances'] };
}

/**
 * The predictions of an answer, one per instance and in their order; a probability stays one. Empty when there are none,
 * or when one of them is neither a number nor a text. Never throws.
 */
export function readPredictions(
  shape: PayloadShape,
  contentType: string | undefined,
  body: Uint8Array,
): readonly (number | string)[] {
  const format = formatOf(contentType);
  const text = textOf(body);
  if (text === undefined) return [];
  if (format === 'csv') return fromCells(shape, readCsv(text, undefined, 'absent', shape.maxInstances));
  const document = format === 'lines' ? lines(text, shape.maxInstances) : parse(text);
  if (document === undefined) return [];
  const found = format === 'lines' ? document : at(document, shape.predictions);
  if (found === undefined && shape.tensors !== undefined && isTensors(document, 'outputs'))
    return scalars(predictionsOfTensors(shape, shape.tensors, document));
  const list = Array.isArray(found) ? found : found === undefined ? [] : [found];
  const first = list.length > shape.maxInstances ? list.slice(0, shape.maxInstances) : list;
  return scalars(shape.prediction === '' ? first : first.map(each => at(each, shape.prediction)));
}

/** What a prediction stands for where ground truth is a label. */
export function labelOf(shape: PayloadOptions, prediction: number | string): number | string {
  if (shape.threshold === undefined || typeof prediction === 'string') return prediction;
  return prediction >= shape.threshold ? 1 : 0;
}

/** Of a media type without its parameters; no content type is read as JSON, as SageMaker's containers do. */
function formatOf(contentType: string | undefined): 'json' | 'lines' | 'csv' {
  if (contentType === 'application/json') return 'json'; // of most calls
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  if (type === 'text/csv') return 'csv';
  if (type === 'application/jsonlines' || type === 'application/x-ndjson' || type === 'application/jsonl')
    return 'lines';
  return 'json';
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function textOf(body: Uint8Array): string | undefined {
  try {
    return utf8.decode(body);
  } catch {
    return undefined;
  }
}

function fromList(shape: PayloadShape, list: readonly unknown[]): Records {
  const problems = new Set<PayloadProblem>();
  if (list.length === 0) problems.add('no-instances');
  if (list.length > shape.maxInstances) problems.add('too-many-instances');
  const instances: Instance[] = [];
  for (const each of list.slice(0, shape.maxInstances)) {
    const instance = instanceOf(shape, each, problems);
    if (instance === undefined) problems.add('not-an-instance');
    else instances.push(instance);
  }
  return { instances, problems: [...problems], typed: true };
}

/** An object is its own names; an array, or a value by itself, has the names of `columns`. */
function instanceOf(
  { columns, maxFeatures }: PayloadShape,
  value: unknown,
  problems: Set<PayloadProblem>,
): Instance | undefined {
  const plain = flatInstance(value, maxFeatures);
  if (plain !== undefined) return plain;
  const features = new Map<string, Value>();
  const add = (name: string, part: unknown) => {
    if (!flatten(name, part, features, maxFeatures)) problems.add('too-many-features');
  };
  if (isObject(value)) {
    for (const name in value) add(name, value[name]);
    return features;
  }
  if (columns === undefined) return undefined;
  const values = Array.isArray(value) ? value : [value];
  if (values.length !== columns.length) problems.add('ragged');
  for (const [index, part] of values.slice(0, maxFeatures + 1).entries()) add(columns[index] ?? `#${index}`, part);
  return features;
}

function fromCsv(shape: PayloadShape, { names, rows, whole }: CsvTable): Records {
  const problems = new Set<PayloadProblem>();
  if (!whole) problems.add('too-many-instances');
  if (rows.length === 0) problems.add('no-instances');
  const instances = rows.map(cells => {
    if (cells.length > shape.maxFeatures) problems.add('too-many-features');
    if (names.length > 0 && cells.length !== names.length) problems.add('ragged');
    return new Map<string, Value>(
      cells.slice(0, shape.maxFeatures).map((cell, index) => [names[index] ?? `#${index}`, cell === '' ? null : cell]),
    );
  });
  return { instances, problems: [...problems], typed: false };
}

/** A digit has one place in it: a pattern that may try several takes hours over a long text. */
const decimal = /^\s*[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?\s*$/i;

/** A number that a text is, in decimal form; undefined for any other text. */
export function numberIn(text: string): number | undefined {
  if (!decimal.test(text)) return undefined;
  const number = Number(text);
  return Number.isFinite(number) ? number : undefined;
}

function fromCells({ prediction }: PayloadShape, { rows }: CsvTable): readonly (number | string)[] {
  const column = prediction === '' ? 0 : Number(prediction.slice(1));
  return scalars(
    rows.map(cells => (cells[column] === undefined ? undefined : (numberIn(cells[column]) ?? cells[column]))),
  );
}

/** All of them or none: predictions belong to instances by their place. */
function scalars(values: readonly unknown[]): readonly (number | string)[] {
  const plain: (number | string)[] = [];
  for (const value of values) {
    const one = typeof value === 'boolean' ? Number(value) : value;
    if (!isScalar(one)) return [];
    plain.push(one);
  }
  return plain;
}

function isScalar(value: unknown): value is number | string {
  return typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value));
}
