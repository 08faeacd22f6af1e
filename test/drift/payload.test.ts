import fc from 'fast-check';
import { test } from 'tap';
import { Value } from 'typebox/value';
import { labelOf, numberIn, type PayloadShape, readPredictions, readRecords } from '../../src/drift/payload.ts';
import { PayloadOptions } from '../../src/drift/payload-options.ts';

const shape = (options: object = {}): PayloadShape => Value.Default(PayloadOptions, options) as PayloadOptions;
const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const json = 'application/json';
const plain = ({ instances }: ReturnType<typeof readRecords>) => instances.map(each => Object.fromEntries(each));
const day = { date: '2014-11-03', wind: 3.9, wet: true };

test('instances of JSON are records, arrays with columns, one instance, or anywhere a pointer says', async t => {
  t.strictSame(plain(readRecords(shape(), json, bytes({ instances: [day, day] }))), [day, day]);
  t.strictSame(plain(readRecords(shape(), undefined, bytes({ instances: [day] }))), [day], 'no type is JSON');
  const columns = ['date', 'wind'];
  t.strictSame(plain(readRecords(shape({ columns }), json, bytes({ instances: [['2014-11-03', 1]] }))), [
    { date: '2014-11-03', wind: 1 },
  ]);
  const elsewhere = shape({ instances: '/data/0/a~1b~0' });
  t.strictSame(plain(readRecords(elsewhere, json, bytes({ data: [{ 'a/b~': [{ x: 1 }] }] }))), [{ x: 1 }]);
  t.strictSame(plain(readRecords(shape({ instances: '' }), json, bytes([{ x: 1 }]))), [{ x: 1 }]);
  t.strictSame(plain(readRecords(shape({ instances: '' }), json, bytes({ x: 1 }))), [{ x: 1 }], 'one by itself');
  t.strictSame(
    plain(readRecords(shape(), json, bytes({ instances: [{ a: { b: 1, c: [2, { d: 'x' }] } }] }))),
    [{ 'a.b': 1, 'a.c[0]': 2, 'a.c[1].d': 'x' }],
    'what is nested has names of its own',
  );
});

test('CSV with and without a header, JSON lines', async t => {
  const columns = ['date', 'wind'];
  const rows = [{ date: '2014-11-03', wind: '3.9' }];
  t.strictSame(plain(readRecords(shape({ columns }), 'text/csv', bytes('2014-11-03,3.9\n'))), rows);
  t.strictSame(
    plain(readRecords(shape({ columns }), 'text/csv; header=present', bytes('date,wind\r\n2014-11-03,3.9'))),
    rows,
  );
  t.strictSame(
    plain(readRecords(shape({ columns }), 'text/csv', bytes('wind,date\n3.9,2014-11-03'))),
    rows,
    'in the order of the header',
  );
  t.strictSame(
    plain(readRecords(shape(), 'text/csv', bytes('date,wind\n2014-11-03,3.9\n'))),
    rows,
    'no columns: a header',
  );
  t.strictSame(plain(readRecords(shape({ columns }), 'text/csv', bytes('"a ""b"",\n",\n'))), [
    { date: 'a "b",\n', wind: null },
  ]);
  t.strictSame(plain(readRecords(shape(), 'application/jsonlines', bytes('{"x":1}\n\n{"x":2}\n'))), [
    { x: 1 },
    { x: 2 },
  ]);
  t.equal(readRecords(shape({ columns }), 'text/csv', bytes('1,2')).typed, false);
});

const tensors = {
  inputs: [
    { name: 'date', datatype: 'BYTES', shape: [-1] },
    { name: 'xy', datatype: 'FP64', shape: [-1, 2] },
  ],
  outputs: [{ name: 'rain', datatype: 'FP64', shape: [-1] }],
  instances: 'records',
} as const;

test('tensors of the Open Inference Protocol', async t => {
  const inputs = [
    {
      name: 'xy',
      shape: [2, 2],
      datatype: 'FP64',
      data: [
        [1, 2],
        [3, 4],
      ],
    },
    { name: 'date', shape: [2], datatype: 'BYTES', data: ['a', 'b'] },
  ];
  t.strictSame(plain(readRecords({ ...shape(), tensors }, json, bytes({ inputs }))), [
    { date: 'a', 'xy[0]': 1, 'xy[1]': 2 },
    { date: 'b', 'xy[0]': 3, 'xy[1]': 4 },
  ]);
  const outputs = [{ name: 'rain', shape: [2], datatype: 'FP64', data: [0.1, 0.9] }];
  t.strictSame(readPredictions({ ...shape({ prediction: '/rain' }), tensors }, json, bytes({ outputs })), [0.1, 0.9]);
  t.strictSame(readRecords({ ...shape(), tensors }, json, bytes({ inputs: inputs.slice(1) })).problems, ['unreadable']);
});

test('predictions of JSON, CSV and JSON lines; a label by threshold', async t => {
  const rain = shape({ prediction: '/rain', threshold: 0.5 });
  t.strictSame(readPredictions(rain, json, bytes({ predictions: [{ rain: 0.7 }, { rain: 0.2 }] })), [0.7, 0.2]);
  t.strictSame(readPredictions(shape(), json, bytes({ predictions: ['cat', true] })), ['cat', 1]);
  t.strictSame(readPredictions(shape({ prediction: '/1' }), 'text/csv', bytes('1,0.5\n0,cat\n')), [0.5, 'cat']);
  t.strictSame(readPredictions(rain, 'application/jsonlines', bytes('{"rain":0.5}\n')), [0.5]);
  t.strictSame(readPredictions(rain, json, bytes({ predictions: [{ rain: 0.7 }, {}] })), [], 'all or none');
  t.strictSame(
    [0.5, 0.49, 'x'].map(each => labelOf(rain, each)),
    [1, 0, 'x'],
  );
});

test('what is malformed is told, and bounded', async t => {
  const problems = (options: object, type: string, body: unknown) =>
    readRecords(shape(options), type, bytes(body)).problems;
  t.strictSame(problems({}, json, '{"instances":['), ['unreadable']);
  t.strictSame(readRecords(shape(), json, Buffer.from([0xff, 0xfe])).problems, ['unreadable']);
  t.strictSame(problems({}, json, { other: 1 }), ['no-instances']);
  t.strictSame(problems({}, json, { instances: [] }), ['no-instances']);
  t.strictSame(problems({}, json, { instances: [1] }), ['not-an-instance'], 'no columns name it');
  t.strictSame(problems({ maxInstances: 1 }, json, { instances: [{}, {}] }), ['too-many-instances']);
  t.strictSame(problems({ maxFeatures: 1 }, json, { instances: [{ a: 1, b: 2 }] }), ['too-many-features']);
  t.strictSame(problems({ maxInstances: 1 }, 'text/csv', 'a\n1\n2\n'), ['too-many-instances']);
  t.strictSame(problems({}, 'application/jsonlines', '{"x":1}\nnope'), ['unreadable']);
  const inherited = shape({ instances: '/__proto__', predictions: '/constructor/name' });
  t.strictSame(readRecords(inherited, json, bytes({})).instances, [], 'inherited names are nothing');
  t.strictSame(readPredictions(inherited, json, bytes({})), []);
});

test('a long text that is nearly a number is told from one at once', async t => {
  // With a pattern that may try several ways this takes minutes, in which nobody is answered.
  const digits = '1'.repeat(200_000);
  for (const text of [`${digits}x`, `${digits}.${digits}x`, `1e${digits}x`, `.${digits}.`, `${' '.repeat(200_000)}x`])
    t.equal(numberIn(text), undefined);
  t.equal(numberIn('1'.repeat(300)), Number('1'.repeat(300)));
  t.strictSame(['1.', '.5', '+1e3', '-1.5E-2', '.', '1e', '1..2', '', '0x1', 'NaN', '1e999'].map(numberIn), [
    ...[1, 0.5, 1_000, -0.015],
    ...Array.from({ length: 7 }, () => undefined),
  ]);
});

test('never throws, and finds what was put in', async () => {
  const types = fc.constantFrom(json, 'text/csv', 'application/jsonlines', undefined, 'x');
  const shapes = fc.constantFrom(shape(), shape({ columns: ['a', 'b'], instances: '' }), { ...shape(), tensors });
  fc.assert(
    fc.property(shapes, types, fc.oneof(fc.uint8Array(), fc.json().map(bytes)), (any, type, body) => {
      const { instances } = readRecords(any, type, body);
      return instances.length <= any.maxInstances && Array.isArray(readPredictions(any, type, body));
    }),
    { seed: 1, numRuns: 500 },
  );
  const value = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string(),
    fc.boolean(),
    fc.constant(null),
  );
  fc.assert(
    fc.property(fc.array(fc.dictionary(fc.string(), value), { minLength: 1 }), rows => {
      const found = readRecords(shape(), json, bytes({ instances: rows })).instances;
      return found.length === rows.length && found.every((each, i) => each.size === Object.keys(rows[i] ?? {}).length);
    }),
    { seed: 2, numRuns: 100 },
  );
  const cell = fc.string().map(text => text.trim());
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), rows => {
      const text = rows.map(row => row.map(each => `"${each.replaceAll('"', '""')}"`).join(',')).join('\n');
      const found = readRecords(shape({ columns: ['a', 'b'], csvHeader: 'absent' }), 'text/csv', bytes(text)).instances;
      return rows.every(([a, b], i) => (found[i]?.get('a') ?? '') === a && (found[i]?.get('b') ?? '') === b);
    }),
    { seed: 3, numRuns: 200 },
  );
});
