import fc from 'fast-check';
import { test } from 'tap';
import { jsonSize } from '../../src/wire/json-size.ts';

function sizeOf(value: unknown): { depth: number; values: number } {
  if (typeof value !== 'object' || value === null) return { depth: 0, values: 1 };
  const inner = Object.values(value).map(sizeOf);
  return {
    depth: 1 + Math.max(0, ...inner.map(({ depth }) => depth)),
    values: 1 + inner.reduce((sum, { values }) => sum + values, 0),
  };
}

test('depth is exact, and no value goes uncounted', t => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(undefined, 2), (value, indent) => {
      const told = jsonSize(Buffer.from(JSON.stringify(value, null, indent)));
      const known = sizeOf(value);
      return told.depth === known.depth && told.values >= known.values;
    }),
  );
  t.match(jsonSize(Buffer.from('{"a\\"[{":"]}\\\\","b":[1,[]]}')), { depth: 3 }, 'brackets within texts are no levels');
  t.end();
});

test('anything has a size', t => {
  fc.assert(fc.property(fc.uint8Array(), bytes => jsonSize(bytes).values >= 1));
  t.end();
});
