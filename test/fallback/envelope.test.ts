import fc from 'fast-check';
import { test } from 'tap';
import { cacheKeys } from '../../src/fallback/cache-key.ts';
import { decodeEntry, encodeEntry } from '../../src/fallback/envelope.ts';
import { entryOf } from '../helpers/fallback-fixtures.ts';

const keys = cacheKeys('a secret of the whole fleet');
const stored = { entry: entryOf(1_000), usableUntilMs: 5_000 };
const sealed = encodeEntry(keys, 'k', stored);

test('an entry comes back as it went in', t => {
  const headers = fc.dictionary(fc.stringMatching(/^[a-z0-9-]{1,20}$/), fc.stringMatching(/^[\t\x20-\x7e\x80-\xff]*$/));
  const any = fc.record({
    key: fc.string({ unit: 'binary' }),
    body: fc.uint8Array({ maxLength: 500 }),
    headers,
    model: fc.string({ minLength: 1, unit: 'grapheme' }),
    storedAtMs: fc.nat(),
  });
  fc.assert(
    fc.property(any, ({ key, body, headers, model, storedAtMs }) => {
      const entry = entryOf(storedAtMs, { model, answer: { status: 200, headers, body: Buffer.from(body) } });
      const back = decodeEntry(keys, key, encodeEntry(keys, key, { entry, usableUntilMs: 9 }));
      t.same(back, { entry, usableUntilMs: 9 });
    }),
    { numRuns: 50, seed: 1 },
  );
  t.end();
});

test('any byte changed, cut off or added makes it nothing', t => {
  const tampered = fc.oneof(
    fc.tuple(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 })).map(([at, by]) => {
      const copy = Buffer.from(sealed);
      copy[at] = (copy[at] ?? 0) ^ by;
      return copy;
    }),
    fc.nat(sealed.length - 1).map(length => sealed.subarray(0, length)),
    fc.uint8Array({ minLength: 1 }).map(more => Buffer.concat([sealed, more])),
  );
  fc.assert(fc.property(tampered, bytes => decodeEntry(keys, 'k', bytes) === undefined));
  t.ok(decodeEntry(keys, 'k', sealed), 'the original is one');
  t.end();
});

test('random bytes are nothing, whatever they begin with', t => {
  const begins = fc.constantFrom(0, 4, 36, 40, 44).map(length => sealed.subarray(0, length));
  const random = fc.tuple(begins, fc.uint8Array({ maxLength: 200 })).map(Buffer.concat);
  fc.assert(fc.property(random, bytes => decodeEntry(keys, 'k', bytes) === undefined));
  t.pass('for all tried');
  t.end();
});

test('an entry cannot be passed off under another key, or by a holder of another secret', t => {
  t.equal(decodeEntry(keys, 'other', sealed), undefined);
  const forged = encodeEntry(cacheKeys('the secret of someone else'), 'k', stored);
  t.equal(decodeEntry(keys, 'k', forged), undefined);
  t.end();
});

test('even a sealed entry must have the right shape', t => {
  const { answer } = stored.entry;
  const smuggling = { ...stored.entry, answer: { ...answer, headers: { 'x-a': 'a\r\nset-cookie: b' } } };
  const timeless = { ...stored.entry, storedAtMs: Number.NaN };
  const upperCase = { ...stored.entry, answer: { ...answer, headers: { 'X-A': 'a' } } };
  for (const entry of [smuggling, timeless, upperCase]) {
    t.equal(decodeEntry(keys, 'k', encodeEntry(keys, 'k', { entry, usableUntilMs: 1 })), undefined);
  }
  t.end();
});
