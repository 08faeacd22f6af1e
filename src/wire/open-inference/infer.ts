import type { TensorMapping, TensorSpec } from '../../core/tensors.ts';
import { knownOnly, listAt, objectAt, textAt, Untranslatable } from '../untranslatable.ts';

/** A tensor of a request: its rows, each a value or nested lists of them. */
interface Rows {
  readonly name: string;
  readonly rows: readonly unknown[];
}

/** The model's own JSON for an infer request. Throws `Untranslatable`. */
export function instancesOf(infer: Readonly<Record<string, unknown>>, { inputs, instances }: TensorMapping): object {
  knownOnly('', infer, ['id', 'inputs', 'outputs', 'parameters']);
  const given = listAt('inputs', infer['inputs']).map((value, index) => tensorOf(`inputs[${index}]`, value, inputs));
  for (const { name } of inputs) {
    const times = given.filter(tensor => tensor.name === name).length;
    if (times !== 1) throw new Untranslatable('inputs', `must hold the tensor ${name} once.`);
  }
  const [first] = given;
  const count = first?.rows.length ?? 0;
  const uneven = given.find(({ rows }) => rows.length !== count);
  if (uneven !== undefined)
    throw new Untranslatable('inputs', `${uneven.name} has not as many rows as ${first?.name}.`);
  if (instances === 'rows') return { instances: first?.rows ?? [] };
  return {
    instances: Array.from({ length: count }, (_, row) =>
      Object.fromEntries(given.map(({ name, rows }) => [name, rows[row]])),
    ),
  };
}

function tensorOf(at: string, value: unknown, specs: readonly TensorSpec[]): Rows {
  const tensor = objectAt(at, value);
  knownOnly(at, tensor, ['name', 'shape', 'datatype', 'parameters', 'data']);
  const name = textAt(`${at}.name`, tensor['name']);
  const spec = specs.find(known => known.name === name);
  if (spec === undefined)
    throw new Untranslatable(`${at}.name`, `must be one of ${specs.map(each => each.name).join(', ')}.`);
  if (tensor['datatype'] !== spec.datatype) throw new Untranslatable(`${at}.datatype`, `must be ${spec.datatype}.`);
  const shape = shapeOf(`${at}.shape`, tensor['shape'], spec);
  if (tensor['data'] === undefined) throw new Untranslatable(`${at}.data`, 'is missing.');
  const flat = listAt(`${at}.data`, tensor['data']).flat(Number.POSITIVE_INFINITY);
  if (flat.length !== shape.reduce((product, length) => product * length, 1))
    throw new Untranslatable(`${at}.data`, `must hold as many values as the shape says, not ${flat.length}.`);
  const wrong = flat.findIndex(each => !fits(each, spec.datatype));
  if (wrong >= 0) throw new Untranslatable(`${at}.data[${wrong}]`, `is no ${spec.datatype}.`);
  return { name, rows: nested(flat, rowShape(shape)) };
}

function shapeOf(at: string, value: unknown, { shape }: TensorSpec): readonly number[] {
  const given = listAt(at, value);
  const matches =
    given.length === shape.length && shape.every((length, axis) => length === -1 || length === given[axis]);
  if (!matches || !given.every(length => Number.isSafeInteger(length) && Number(length) >= 0))
    throw new Untranslatable(at, `must be [${shape.join(', ')}], -1 being any length.`);
  return given as number[];
}

/** A column of one value a row is told as that value. */
function rowShape(shape: readonly number[]): readonly number[] {
  return shape.length === 2 && shape[1] === 1 ? shape.slice(0, 1) : shape;
}

function fits(value: unknown, datatype: TensorSpec['datatype']): boolean {
  if (datatype === 'BOOL') return typeof value === 'boolean';
  if (datatype === 'BYTES') return typeof value === 'string';
  // 1e999 reads as infinite, and would be written as null.
  return Number.isFinite(value) && (datatype.startsWith('FP') || Number.isInteger(value));
}

/** Values in row-major order as lists within lists. */
function nested(flat: readonly unknown[], [, ...inner]: readonly number[]): unknown[] {
  const size = inner.reduce((product, length) => product * length, 1);
  if (inner.length === 0) return [...flat];
  const rows = Math.max(0, size === 0 ? 0 : flat.length / size);
  return Array.from({ length: rows }, (_, row) => nested(flat.slice(row * size, (row + 1) * size), inner));
}

/** An infer answer made of the model's own; undefined when it does not hold what the model declares. */
export function inferAnswer(
  answer: Readonly<Record<string, unknown>> | undefined,
  { outputs }: TensorMapping,
  asked: {
    readonly id: string;
    readonly model: string;
    readonly version: string;
    readonly outputs: readonly string[] | undefined;
  },
): object | undefined {
  const predictions = answer?.['predictions'];
  if (!Array.isArray(predictions)) return undefined;
  const wanted = outputs.filter(({ name }) => asked.outputs?.includes(name) ?? true);
  const tensors = wanted.map(spec => outputTensor(spec, predictions, outputs.length === 1));
  if (tensors.includes(undefined)) return undefined;
  return { model_name: asked.model, model_version: asked.version, id: asked.id, outputs: tensors };
}

function outputTensor(
  { name, datatype }: TensorSpec,
  predictions: readonly unknown[],
  only: boolean,
): object | undefined {
  const rows = predictions.map(prediction => {
    if (typeof prediction === 'object' && prediction !== null && name in prediction)
      return (prediction as Readonly<Record<string, unknown>>)[name];
    return only && typeof prediction !== 'object'
      ? prediction
      : Array.isArray(prediction) && only
        ? prediction
        : undefined;
  });
  if (rows.includes(undefined)) return undefined;
  const shape = [rows.length];
  for (let inner: unknown = rows[0]; Array.isArray(inner); inner = inner[0]) shape.push(inner.length);
  return { name, datatype, shape, data: rows.flat(Number.POSITIVE_INFINITY) };
}

/** Names of the outputs a request asks for; undefined for all. Throws `Untranslatable`. */
export function outputsAsked(
  infer: Readonly<Record<string, unknown>>,
  { outputs }: TensorMapping,
): readonly string[] | undefined {
  if (infer['outputs'] === undefined) return undefined;
  return listAt('outputs', infer['outputs']).map((value, index) => {
    const { name: asked, parameters } = objectAt(`outputs[${index}]`, value);
    const name = textAt(`outputs[${index}].name`, asked);
    const wishes = parameters === undefined ? {} : objectAt(`outputs[${index}].parameters`, parameters);
    for (const wish of ['classification', 'shared_memory_region'])
      if (wishes[wish] !== undefined)
        throw new Untranslatable(`outputs[${index}].parameters.${wish}`, 'cannot be had of this model.');
    if (!outputs.some(spec => spec.name === name))
      throw new Untranslatable(`outputs[${index}].name`, 'is no output of this model.');
    return name;
  });
}
