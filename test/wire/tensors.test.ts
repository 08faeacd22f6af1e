import fc from 'fast-check';
import { test } from 'tap';
import type { TensorMapping } from '../../src/core/tensors.ts';
import { inferAnswer, instancesOf } from '../../src/wire/open-inference/infer.ts';
import { Untranslatable } from '../../src/wire/untranslatable.ts';

const spec = { name: 'x', datatype: 'FP64', shape: [-1, -1, -1] } as const;
const rows: TensorMapping = { inputs: [spec], outputs: [spec], instances: 'rows' };
const asked = { id: 'i', model: 'm', version: 'v', outputs: undefined };

test('values keep their order through a model that returns its rows', t => {
  const property = fc.property(
    fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
    fc.boolean(),
    (shape, nested) => {
      const data = Array.from({ length: shape[0] * shape[1] * shape[2] }, (_, at) => at);
      const given = nested ? [data.slice(0, 1), data.slice(1)] : data;
      const { instances } = instancesOf({ inputs: [{ ...spec, shape, data: given }] }, rows) as {
        instances: unknown[];
      };
      const answer = inferAnswer({ predictions: instances }, rows, asked) as { outputs: object[] };
      return JSON.stringify(answer.outputs) === JSON.stringify([{ name: 'x', datatype: 'FP64', shape, data }]);
    },
  );
  fc.assert(property, { numRuns: 300, seed: 1 });
  t.pass('held');
  t.end();
});

test('any JSON is translated or refused by name, and any answer read or not', t => {
  const property = fc.property(fc.jsonValue(), fc.jsonValue(), (inputs, predictions) => {
    try {
      instancesOf({ inputs }, rows);
    } catch (error) {
      if (!(error instanceof Untranslatable)) throw error;
    }
    inferAnswer({ predictions }, rows, asked);
  });
  fc.assert(property, { numRuns: 1_000, seed: 2 });
  t.pass('held');
  t.end();
});
