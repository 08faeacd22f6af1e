import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { test } from 'tap';
import { BodyBytes } from '../../src/routes/body-bytes.ts';

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

function gather(bytes: Buffer, cuts: readonly number[], announced: number | undefined) {
  const body = new BodyBytes(announced);
  let from = 0;
  for (const cut of [...cuts.map(cut => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
    if (cut > from) body.add(bytes.subarray(from, cut));
    from = cut;
  }
  return { received: body.received, ...body.finish() };
}

test('however a body arrives, its bytes and its digest are those sent', t => {
  const size = fc.oneof(fc.nat(200), fc.integer({ min: 1_048_500, max: 1_200_000 }));
  fc.assert(
    fc.property(size, fc.array(fc.nat(1_200_000), { maxLength: 12 }), fc.boolean(), (length, cuts, announces) => {
      const bytes = Buffer.alloc(length, 'some text that is not all the same');
      const got = gather(bytes, cuts, announces ? length : undefined);
      return got.received === length && got.bytes.equals(bytes) && got.sha256 === sha256(bytes);
    }),
    { numRuns: 60 },
  );
  t.equal(gather(Buffer.alloc(0), [], undefined).sha256, sha256(Buffer.alloc(0)));
  t.end();
});

test('a large body is gathered into one buffer once half of it is here, and an announcement costs nothing', async t => {
  const half = Buffer.alloc(1_000_000, 1);
  const before = process.memoryUsage().arrayBuffers;
  const idle = Array.from({ length: 100 }, () => new BodyBytes(25_000_000));
  for (const body of idle) body.add(Buffer.from('x'));
  t.ok(process.memoryUsage().arrayBuffers - before < 25_000_000);
  const body = new BodyBytes(2_000_000);
  t.equal(body.bytesHeldWith(999_999), 999_999);
  for (let part = 0; part < 3; part += 1) {
    const told = body.bytesHeldWith(500_000);
    body.add(half.subarray(0, 500_000));
    t.equal(told, part === 0 ? 500_000 : 2_000_000, 'what it will hold is known before it does');
  }
  const held = process.memoryUsage().arrayBuffers;
  body.add(half.subarray(0, 500_000));
  const { bytes } = body.finish();
  t.ok(process.memoryUsage().arrayBuffers - held < 1_000_000, 'nothing is copied at the end');
  t.equal(bytes.length, 2_000_000);
});
