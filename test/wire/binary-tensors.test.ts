import fc from 'fast-check';
import { test } from 'tap';
import { binarySize, inferOfBinary } from '../../src/wire/open-inference/binary.ts';
import { Untranslatable } from '../../src/wire/untranslatable.ts';

interface Tensor {
  readonly datatype: string;
  readonly bytes: Uint8Array;
}

/** A request as Triton's client writes it. */
function written(tensors: readonly Tensor[], more: object = {}): { bytes: Buffer; head: number } {
  const inputs = tensors.map(({ datatype, bytes }, index) => ({
    name: `t${index}`,
    datatype,
    shape: [1],
    parameters: { binary_data_size: bytes.length },
  }));
  const head = Buffer.from(JSON.stringify({ inputs, ...more }));
  return { bytes: Buffer.concat([head, ...tensors.map(({ bytes }) => bytes)]), head: head.length };
}

function dataOf(tensors: readonly Tensor[]): unknown[] {
  const { bytes, head } = written(tensors);
  return (inferOfBinary(bytes, head)['inputs'] as { data: unknown }[]).map(({ data }) => data);
}

const raw = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

function texts(...values: readonly string[]): Uint8Array {
  return Buffer.concat(
    values.flatMap(value => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(Buffer.byteLength(value));
      return [length, Buffer.from(value)];
    }),
  );
}

test('every datatype is read as the values it holds', t => {
  const cases: readonly (readonly [string, Uint8Array, readonly unknown[]])[] = [
    ['BOOL', Uint8Array.of(0, 1), [false, true]],
    ['UINT8', Uint8Array.of(255), [255]],
    ['INT8', Uint8Array.of(255), [-1]],
    ['UINT16', raw(Uint16Array.of(65_535)), [65_535]],
    ['INT16', raw(Int16Array.of(-2)), [-2]],
    ['UINT32', raw(Uint32Array.of(4_294_967_295)), [4_294_967_295]],
    ['INT32', raw(Int32Array.of(-7, 8)), [-7, 8]],
    ['UINT64', raw(BigUint64Array.of(2n ** 53n - 1n)), [2 ** 53 - 1]],
    ['INT64', raw(BigInt64Array.of(-(2n ** 53n) + 1n)), [-(2 ** 53) + 1]],
    ['FP16', raw(Uint16Array.of(0x3c00, 0xc000, 0x3555, 0x0001, 0x7bff)), [1, -2, 0.333251953125, 2 ** -24, 65_504]],
    ['FP32', raw(Float32Array.of(0.5, -1.25)), [0.5, -1.25]],
    ['FP64', raw(Float64Array.of(0.1)), [0.1]],
    ['BYTES', texts('2014-11-03', '', 'größer'), ['2014-11-03', '', 'größer']],
  ];
  for (const [datatype, bytes, values] of cases) t.same(dataOf([{ datatype, bytes }]), [values], datatype);
  t.same(
    dataOf(cases.map(([datatype, bytes]) => ({ datatype, bytes }))),
    cases.map(([, , values]) => values),
    'one behind the other, whatever their alignment',
  );
  t.end();
});

test('tensors in JSON and other parameters stay as they are', t => {
  const inputs = [{ name: 'a', datatype: 'INT64', shape: [1], data: [1] }];
  const head = Buffer.from(JSON.stringify({ id: 'x', inputs }));
  t.same(inferOfBinary(head, head.length), { id: 'x', inputs });
  const one = { name: 'b', datatype: 'UINT8', shape: [1], parameters: { binary_data_size: 1, kept: 2 } };
  const mixed = Buffer.from(JSON.stringify({ inputs: [...inputs, one] }));
  t.same(inferOfBinary(Buffer.concat([mixed, Buffer.of(9)]), mixed.length)['inputs'], [
    ...inputs,
    { name: 'b', datatype: 'UINT8', shape: [1], parameters: { kept: 2 }, data: [9] },
  ]);
  t.end();
});

function refusedFor(bytes: Buffer, head: number): string | undefined {
  try {
    inferOfBinary(bytes, head);
  } catch (error) {
    if (error instanceof Untranslatable) return error.field;
    throw error;
  }
  return undefined;
}

test('what cannot be read, or said in JSON, is refused by name', t => {
  const cases: readonly (readonly [string, string, Uint8Array])[] = [
    ['inputs[0].data[0]', 'INT64', raw(BigInt64Array.of(2n ** 53n))],
    ['inputs[0].data[1]', 'FP32', raw(Float32Array.of(1, Number.NaN))],
    ['inputs[0].data[0]', 'FP16', raw(Uint16Array.of(0x7c00))],
    ['inputs[0].data[0]', 'BYTES', Uint8Array.of(2, 0, 0, 0, 0xff, 0xfe)],
    ['inputs[0].data[0]', 'BYTES', Uint8Array.of(9, 0, 0, 0, 1)],
    ['inputs[0].data[0]', 'BYTES', Uint8Array.of(9)],
    ['inputs[0].datatype', 'BF16', Uint8Array.of(0, 0)],
    ['inputs[0].datatype', '__proto__', Uint8Array.of(0, 0)],
    ['inputs[0].parameters.binary_data_size', 'FP32', Uint8Array.of(0, 0, 0)],
  ];
  for (const [field, datatype, bytes] of cases) {
    const made = written([{ datatype, bytes }]);
    t.equal(refusedFor(made.bytes, made.head), field, `${datatype} ${Buffer.from(bytes).toString('hex')}`);
  }
  const { bytes, head } = written([{ datatype: 'UINT8', bytes: Uint8Array.of(1, 2) }]);
  t.equal(refusedFor(bytes.subarray(0, -1), head), 'inputs[0].parameters.binary_data_size');
  t.equal(refusedFor(Buffer.concat([bytes, Buffer.of(1)]), head), 'inputs');
  for (const wrong of [0, head - 1, bytes.length + 1])
    t.equal(refusedFor(bytes, wrong), 'inference-header-content-length', String(wrong));
  t.end();
});

test('whatever comes is read or refused, and its size is known before', t => {
  const datatype = fc.constantFrom('BOOL', 'INT64', 'FP16', 'FP32', 'BYTES', 'BF16');
  const tensor = fc.record({ datatype, bytes: fc.uint8Array({ maxLength: 40 }) });
  fc.assert(
    fc.property(fc.array(tensor, { maxLength: 4 }), fc.integer({ min: -3, max: 3 }), (tensors, off) => {
      const { bytes, head } = written(tensors);
      const { values } = binarySize(bytes, head);
      if (refusedFor(bytes, Math.max(0, head + off)) !== undefined || off !== 0) return true;
      return values >= dataOf(tensors).flat().length;
    }),
  );
  t.end();
});
