import { parseObject } from '../json-object.ts';
import { deepestJson, type JsonSize, jsonSize } from '../json-size.ts';
import { Untranslatable } from '../untranslatable.ts';

type Json = Readonly<Record<string, unknown>>;

/**
 * How one value of a datatype is read: bytes it takes, and its value; little-endian (Triton's "binary tensor data"
 * extension of the protocol).
 */
const numbers: Readonly<Record<string, readonly [width: number, read: (view: DataView, at: number) => unknown]>> = {
  BOOL: [1, (view, at) => view.getUint8(at) !== 0],
  UINT8: [1, (view, at) => view.getUint8(at)],
  UINT16: [2, (view, at) => view.getUint16(at, true)],
  UINT32: [4, (view, at) => view.getUint32(at, true)],
  UINT64: [8, (view, at) => exact(view.getBigUint64(at, true))],
  INT8: [1, (view, at) => view.getInt8(at)],
  INT16: [2, (view, at) => view.getInt16(at, true)],
  INT32: [4, (view, at) => view.getInt32(at, true)],
  INT64: [8, (view, at) => exact(view.getBigInt64(at, true))],
  FP16: [2, (view, at) => half(view.getUint16(at, true))],
  FP32: [4, (view, at) => view.getFloat32(at, true)],
  FP64: [8, (view, at) => view.getFloat64(at, true)],
};
/** Before each text, its length. */
const lengthBytes = 4;

/** What reading a binary request will take, as far as its head tells. Never throws. */
export function binarySize(bytes: Buffer, headBytes: number): JsonSize {
  const head = bytes.subarray(0, headBytes);
  const size = jsonSize(head);
  if (size.depth > deepestJson) return size;
  const inputs: unknown = parseObject(head)?.['inputs'];
  let { values } = size;
  for (const input of Array.isArray(inputs) ? inputs : []) {
    const width = numbers[String(input?.datatype)]?.[0] ?? lengthBytes;
    values += Math.min(sizeOf(input) ?? 0, bytes.length) / width;
  }
  return { depth: size.depth, values: Math.ceil(values) };
}

/**
 * An infer request whose tensors stand as bytes behind its JSON, `headBytes` long, as if all of it were JSON. Throws
 * `Untranslatable`.
 */
export function inferOfBinary(bytes: Buffer, headBytes: number): Json {
  const infer = parseObject(bytes.subarray(0, headBytes));
  if (infer === undefined || headBytes > bytes.length)
    throw new Untranslatable(
      'inference-header-content-length',
      'must be the length of the JSON object before the tensors.',
    );
  const { inputs } = infer;
  if (!Array.isArray(inputs)) return infer;
  let at = headBytes;
  const read = inputs.map((input: unknown, index) => {
    const size = sizeOf(input);
    if (size === undefined) return input;
    const { parameters, ...tensor } = input as Json;
    const { binary_data_size: _, ...others } = parameters as Json;
    const field = `inputs[${index}]`;
    if (at + size > bytes.length)
      throw new Untranslatable(`${field}.parameters.binary_data_size`, 'is more than was sent.');
    const data = valuesOf(field, String(tensor['datatype']), bytes.subarray(at, at + size));
    at += size;
    return { ...tensor, ...(Object.keys(others).length > 0 && { parameters: others }), data };
  });
  if (at !== bytes.length) throw new Untranslatable('inputs', `${bytes.length - at} bytes belong to no tensor.`);
  return { ...infer, inputs: read };
}

function sizeOf(input: unknown): number | undefined {
  const { parameters } = (input ?? {}) as Json;
  const size = ((parameters ?? {}) as Json)['binary_data_size'];
  return Number.isSafeInteger(size) && Number(size) >= 0 ? Number(size) : undefined;
}

function valuesOf(field: string, datatype: string, bytes: Buffer): unknown[] {
  if (datatype === 'BYTES') return textsOf(field, bytes);
  const known = Object.hasOwn(numbers, datatype) ? numbers[datatype] : undefined;
  if (known === undefined) throw new Untranslatable(`${field}.datatype`, 'is not known here.');
  const [width, read] = known;
  if (bytes.length % width !== 0)
    throw new Untranslatable(`${field}.parameters.binary_data_size`, `must be a multiple of ${width}.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / width }, (_, index) => {
    const value = read(view, index * width);
    if (value !== undefined && (typeof value !== 'number' || Number.isFinite(value))) return value;
    throw new Untranslatable(`${field}.data[${index}]`, 'cannot be said in JSON exactly.');
  });
}

function textsOf(field: string, bytes: Buffer): string[] {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const texts: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const start = at + lengthBytes;
    const end = start <= bytes.length ? start + bytes.readUInt32LE(at) : Number.POSITIVE_INFINITY;
    if (end > bytes.length)
      throw new Untranslatable(`${field}.data[${texts.length}]`, 'reaches past its tensor’s end.');
    try {
      texts.push(decoder.decode(bytes.subarray(start, end)));
    } catch {
      throw new Untranslatable(`${field}.data[${texts.length}]`, 'must be a text in UTF-8.');
    }
    at = end;
  }
  return texts;
}

function exact(value: bigint): number | undefined {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : undefined;
}

/** IEEE 754 binary16: a sign, five bits of exponent, ten of fraction. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
