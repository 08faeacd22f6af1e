import type { TensorMapping } from '../core/tensors.ts';
import { isObject, type JsonObject } from './json-values.ts';
import type { PayloadProblem, PayloadShape, Records, Value } from './payload.ts';

/** Whether a document is a request (or an answer) of the Open Inference Protocol. */
export function isTensors(document: unknown, side: 'inputs' | 'outputs' = 'inputs'): document is JsonObject {
  return isObject(document) && Array.isArray(document[side]);
}

interface Tensor {
  readonly name: string;
  readonly rows: number;
  readonly perRow: number;
  readonly data: readonly unknown[];
}

/** An instance for each row of the input tensors, by the tensors' names; `x[1]` for the second value of a row. */
export function recordsOfTensors(
  shape: PayloadShape,
  { inputs, instances }: TensorMapping,
  document: JsonObject,
): Records {
  const tensors = tensorsIn(document['inputs']);
  const known = inputs.flatMap(({ name }) => tensors.find(tensor => tensor.name === name) ?? []);
  const rows = known[0]?.rows ?? 0;
  if (known.length !== inputs.length || known.some(tensor => tensor.rows !== rows))
    return { instances: [], problems: ['unreadable'], typed: true };
  const problems = new Set<PayloadProblem>();
  if (rows === 0) problems.add('no-instances');
  if (rows > shape.maxInstances) problems.add('too-many-instances');
  const names = known.flatMap(tensor => namesOf(tensor, instances === 'rows' ? shape.columns : undefined));
  if (names.length > shape.maxFeatures) problems.add('too-many-features');
  if (
    instances === 'rows' &&
    shape.columns !== undefined &&
    known.some(({ perRow }) => perRow !== shape.columns?.length)
  )
    problems.add('ragged');
  const records = Array.from({ length: Math.min(rows, shape.maxInstances) }, (_, row) => {
    const values = known.flatMap(({ data, perRow }) => data.slice(row * perRow, (row + 1) * perRow));
    return new Map(names.slice(0, shape.maxFeatures).map((name, index) => [name, scalar(values[index])]));
  });
  return { instances: records, problems: [...problems], typed: true };
}

/** The values of the output that `prediction` names by its pointer, else of the first one; the first of each row. */
export function predictionsOfTensors(shape: PayloadShape, { outputs }: TensorMapping, document: JsonObject): unknown[] {
  const asked = shape.prediction.slice(1);
  const name = outputs.some(output => output.name === asked) ? asked : outputs[0]?.name;
  const tensor = tensorsIn(document['outputs']).find(each => each.name === name);
  if (tensor === undefined) return [];
  const rows = Math.min(tensor.rows, shape.maxInstances);
  return Array.from({ length: rows }, (_, row) => tensor.data[row * tensor.perRow]);
}

const mostValues = 1_000_000;

function tensorsIn(list: unknown): readonly Tensor[] {
  if (!Array.isArray(list)) return [];
  return list.slice(0, 1_000).flatMap(each => {
    if (!isObject(each) || typeof each['name'] !== 'string' || !Array.isArray(each['data'])) return [];
    const data = flat(each['data']);
    const shape = Array.isArray(each['shape']) ? each['shape'] : [data.length];
    const rows = Number(shape[0]);
    const whole = Number.isSafeInteger(rows) && rows > 0 && data.length % rows === 0;
    return whole ? [{ name: each['name'], rows, perRow: data.length / rows, data }] : [];
  });
}

function flat(data: readonly unknown[]): readonly unknown[] {
  if (data.length > mostValues) return [];
  return data.some(Array.isArray) ? data.flat(8).slice(0, mostValues) : data;
}

function namesOf({ name, perRow }: Tensor, columns: readonly string[] | undefined): string[] {
  if (perRow === 1 && columns === undefined) return [name];
  return Array.from({ length: Math.min(perRow, 1_000) }, (_, index) => columns?.[index] ?? `${name}[${index}]`);
}

function scalar(value: unknown): Value {
  return typeof value === 'object' || value === undefined ? null : (value as Value);
}
