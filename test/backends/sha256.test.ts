import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { test } from 'tap';
import { Sha256 } from '../../src/backends/sha256.ts';

const hex = async (digest: Promise<Uint8Array>) => Buffer.from(await digest).toString('hex');

test('it is SHA-256, keyed or not, of whatever comes in however many pieces', async t => {
  const sizes = fc.constantFrom(0, 1, 1_048_576, 1_048_577, 2_000_000);
  await fc.assert(
    fc.asyncProperty(fc.array(sizes, { maxLength: 3 }), fc.option(fc.string()), async (lengths, secret) => {
      const pieces = lengths.map((length, index) => Buffer.alloc(length, index + 1));
      const hash = new Sha256(secret ?? undefined);
      for (const piece of pieces) hash.update(piece);
      const expected = secret === null ? createHash('sha256') : createHmac('sha256', secret);
      return (await hex(hash.digest())) === expected.update(Buffer.concat(pieces)).digest('hex');
    }),
    { numRuns: 50 },
  );
  t.pass();
});

test('a large input leaves the event loop free while it is digested', async t => {
  const hash = new Sha256();
  hash.update(Buffer.alloc(64 * 1024 * 1024));
  let turns = 0;
  let done = false;
  const digest = hash.digest().finally(() => {
    done = true;
  });
  while (!done) {
    await new Promise(resolve => setImmediate(resolve));
    turns += 1;
  }
  await digest;
  t.ok(turns > 3, `${turns} turns meanwhile`);
  hash.reset();
  hash.update('abc');
  t.equal(await hex(hash.digest()), createHash('sha256').update('abc').digest('hex'));
});
