import { EventStreamCodec } from '@smithy/core/event-streams';
import fc from 'fast-check';
import { test } from 'tap';
import { BrokenStream, encodeFrame, type Frame, FrameDecoder } from '../../src/wire/event-stream.ts';

/** PayloadPart "hello " and "world", as boto3 and the JS SDK accept them. */
const hello = Buffer.from(
  '0000006f000000596cf7d6a5' +
    '0b3a6576656e742d7479706507000b5061796c6f616450617274' +
    '0d3a636f6e74656e742d747970650700186170706c69636174696f6e2f6f637465742d73747265616d' +
    '0d3a6d6573736167652d747970650700056576656e74' +
    '68656c6c6f20901be2b4',
  'hex',
);
const part = {
  ':event-type': 'PayloadPart',
  ':content-type': 'application/octet-stream',
  ':message-type': 'event',
};

function decode(bytes: Buffer, cuts: readonly number[] = []): Frame[] {
  const decoder = new FrameDecoder();
  const frames: Frame[] = [];
  let from = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    frames.push(...decoder.push(bytes.subarray(from, cut)));
    from = cut;
  }
  frames.push(...decoder.push(bytes.subarray(from)));
  decoder.end();
  return frames;
}

test('the known frames are made and read byte for byte', async t => {
  t.same(encodeFrame(part, Buffer.from('hello ')), hello);
  const world = encodeFrame(part, Buffer.from('world'));
  t.same(
    [world.length, world.toString('hex', 0, 12), world.toString('hex', 106)],
    [110, '0000006e000000595197ff15', '25143d71'],
  );
  const [frame] = decode(hello);
  t.same(frame?.headers, part);
  t.equal(String(frame?.payload), 'hello ');
  t.same(frame?.bytes, hello);
});

test('any chunking gives the same frames', async t => {
  const both = Buffer.concat([hello, encodeFrame(part, Buffer.from('world'))]);
  for (let cut = 0; cut <= both.length; cut += 1)
    t.same(
      decode(both, [cut]).map(frame => String(frame.payload)),
      ['hello ', 'world'],
      `cut at ${cut}`,
    );
  const byteByByte = Array.from({ length: both.length }, (_, at) => at);
  t.equal(decode(both, byteByByte).length, 2);
});

test('whatever is encoded is read back', t => {
  const headers = fc.dictionary(fc.string({ minLength: 1, maxLength: 40 }), fc.string({ maxLength: 300 }), {
    maxKeys: 8,
  });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(headers, fc.uint8Array({ maxLength: 500 })), { maxLength: 4 }),
      fc.array(fc.nat(2_000)),
      (made, cuts) => {
        const bytes = Buffer.concat(made.map(([fields, payload]) => encodeFrame(fields, payload)));
        const frames = decode(
          bytes,
          cuts.filter(cut => cut <= bytes.length),
        );
        return made.every(([fields, payload], at) => {
          const frame = frames[at];
          return (
            frame !== undefined &&
            Buffer.compare(frame.payload, payload) === 0 &&
            Object.entries(fields).every(([name, value]) => frame.headers[name] === value)
          );
        });
      },
    ),
  );
  t.pass();
  t.end();
});

test('one flipped bit anywhere is noticed', async t => {
  for (let bit = 0; bit < hello.length * 8; bit += 1) {
    const bad = Buffer.from(hello);
    bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    t.throws(() => decode(bad), BrokenStream, `bit ${bit}`);
  }
});

test('a stream that ends within a frame is broken, between frames it is whole', async t => {
  for (let length = 1; length < hello.length; length += 1)
    t.throws(() => decode(hello.subarray(0, length)), BrokenStream);
  t.same(decode(Buffer.alloc(0)), []);
});

test('a length nobody may announce is refused before its bytes are waited for', async t => {
  const huge = encodeFrame({}, Buffer.alloc(0)).subarray(0, 12);
  const { crc32 } = await import('node:zlib');
  huge.writeUInt32BE(0x7fffffff, 0);
  huge.writeUInt32BE(crc32(huge.subarray(0, 8)), 8);
  t.throws(() => new FrameDecoder().push(huge), BrokenStream);
  t.throws(() => new FrameDecoder(110).push(hello.subarray(0, 12)), BrokenStream, 'longer than this reader takes');
  t.equal(new FrameDecoder(111).push(hello).length, 1);
});

test('the SDK’s own decoder reads what is written here, and what it writes is read here', t => {
  const codec = new EventStreamCodec(toText, fromText);
  const text = fc.string({ maxLength: 200 });
  fc.assert(
    fc.property(
      fc.string({ minLength: 1, maxLength: 60 }),
      text,
      fc.uint8Array({ maxLength: 400 }),
      (name, value, payload) => {
        const theirs = codec.decode(encodeFrame({ [name]: value }, payload));
        const ours = decode(
          Buffer.from(codec.encode({ headers: { [name]: { type: 'string', value } }, body: payload })),
        );
        return (
          theirs.headers[name]?.value === ours[0]?.headers[name] &&
          Buffer.compare(theirs.body, payload) === 0 &&
          Buffer.compare(ours[0]?.payload ?? Buffer.alloc(1), payload) === 0
        );
      },
    ),
  );
  t.pass();
  t.end();
});

function toText(input: Uint8Array | string): string {
  return typeof input === 'string' ? input : Buffer.from(input).toString('utf8');
}

function fromText(input: string): Uint8Array {
  return Buffer.from(input, 'utf8');
}
