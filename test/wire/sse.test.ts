import fc from 'fast-check';
import { test } from 'tap';
import { SseDecoder } from '../../src/wire/chat/sse.ts';

function read(bytes: Buffer, cuts: readonly number[]): string[] {
  const decoder = new SseDecoder(1_000);
  const places = [...new Set(cuts.map(cut => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  const events: string[] = [];
  let from = 0;
  for (const place of [...places, bytes.length]) {
    events.push(...decoder.push(bytes.subarray(from, place)));
    from = place;
  }
  return events;
}

test('events are the same however they are chunked and whatever ends their lines', t => {
  const text = fc.string({ unit: 'grapheme', maxLength: 20 }).map(line => line.replace(/[\r\n]/g, ''));
  const property = fc.property(
    fc.array(fc.array(text, { minLength: 1, maxLength: 3 }), { maxLength: 5 }),
    fc.constantFrom('\n', '\r\n'),
    fc.array(fc.nat(), { maxLength: 8 }),
    (events, newline, cuts) => {
      const wire = events.map(lines =>
        [...lines.map(line => `data: ${line}`), 'id: 7', ': comment', '', ''].join(newline),
      );
      const found = read(Buffer.from(wire.join('')), cuts);
      const expected = events.map(lines => lines.join('\n')).filter(event => event !== '[DONE]');
      return JSON.stringify(found) === JSON.stringify(expected);
    },
  );
  t.doesNotThrow(() => fc.assert(property, { numRuns: 500, seed: 5 }));
  t.end();
});

test('only [DONE] makes a stream whole, and what follows it is not read', t => {
  const decoder = new SseDecoder(1_000);
  t.same(decoder.push(Buffer.from('data: a\n\ndata:b\n\n')), ['a', 'b']);
  t.throws(() => decoder.end(), { name: 'BrokenSse' });
  t.same(decoder.push(Buffer.from('data: [DONE]\n\ndata: late\n\n')), []);
  t.doesNotThrow(() => decoder.end());
  t.end();
});

test('lines end in a CR alone, too, wherever it is cut; a mark of the byte order is no text', t => {
  const wire = Buffer.from('\ufeffdata: a\rdata: b\r\rdata: c\r\n\r\n\n\ndata: d\n\r\n');
  const expected = ['a\nb', 'c', 'd'];
  for (let cut = 0; cut <= wire.length; cut += 1) t.same(read(wire, [cut]), expected, `cut at ${cut}`);
  const every = Array.from(wire, (_, index) => index);
  t.same(read(wire, every), expected);
  t.end();
});

test('separators that are only JavaScript’s end no line, and lose none', t => {
  t.same(read(Buffer.from('data: {"a":"\u2028b\u2029"}\n\n'), []), ['{"a":"\u2028b\u2029"}']);
  t.end();
});

test('a long line is looked at once, not with every piece of it', t => {
  const decoder = new SseDecoder(100_000_000);
  const piece = Buffer.alloc(4_096, 'x');
  const before = process.cpuUsage();
  decoder.push(Buffer.from('data: '));
  for (let count = 0; count < 4_000; count += 1) decoder.push(piece);
  t.equal(decoder.held, 6 + 4_000 * 4_096);
  t.equal(decoder.push(Buffer.from('\n\n'))[0]?.length, 4_000 * 4_096);
  t.equal(decoder.held, 0);
  const { user } = process.cpuUsage(before);
  t.ok(user < 5_000_000, `${user} µs of CPU; looked at with each piece it takes a hundred times as much`);
  t.end();
});

test('an event without end is not gathered for ever', t => {
  const decoder = new SseDecoder(100);
  t.throws(() => decoder.push(Buffer.alloc(101, 'x')), { name: 'BrokenSse' });
  const many = new SseDecoder(100);
  t.throws(
    () => {
      for (let line = 0; line < 100; line += 1) many.push(Buffer.from('data: 12345678\n'));
    },
    { name: 'BrokenSse' },
  );
  t.end();
});
