import fc from 'fast-check';
import { test } from 'tap';
import { frameReader, payloadParts } from '../../src/backends/frame-reader.ts';
import { IncomingBytes } from '../../src/backends/incoming-bytes.ts';
import { openStream } from '../../src/backends/opened-stream.ts';
import type { StreamSettings } from '../../src/core/model.ts';
import { createAdmission } from '../../src/security/admission.ts';
import { encodeFrame } from '../../src/wire/event-stream.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { targetOf } from '../helpers/routing-fixtures.ts';

const settings: StreamSettings = {
  connectMs: 1_000,
  firstByteMs: 1_000,
  firstContentMs: 2_000,
  idleMs: 500,
  totalMs: 10_000,
  rescue: 'none',
  window: { bytes: 1_000, ms: 300 },
};

function part(text: string): Buffer {
  return encodeFrame({ ':message-type': 'event', ':event-type': 'PayloadPart' }, Buffer.from(text));
}

const settle = () => new Promise(setImmediate);

/** A stream being opened, fed by hand. */
function bench(some: Partial<StreamSettings> = {}, maxBytes = 1_000_000) {
  const clock = manualClock();
  const memory = createAdmission(100_000);
  const calls: string[] = [];
  const bytes = new IncomingBytes({
    pause: () => calls.push('pause'),
    resume: () => calls.push('resume'),
    close: () => calls.push('close'),
  });
  const opened = openStream({
    clock,
    bytes,
    reader: frameReader('sagemaker', targetOf(), 1_000_000, payloadParts()),
    settings: { ...settings, ...some },
    startedAt: clock.now(),
    contentMs: some.firstContentMs ?? settings.firstContentMs,
    memory,
    maxBytes,
  });
  const isOpen = async () => {
    await settle();
    return (await Promise.race([opened.then(() => true), settle().then(() => false)])) as boolean;
  };
  const advance = async (ms: number) => {
    clock.advance(ms);
    await settle();
  };
  const stream = async () => {
    const found = await opened;
    if (!('stream' in found)) throw new Error(`not opened: ${found.error?.type}`);
    return found.stream;
  };
  return { clock, memory, calls, bytes, opened, isOpen, advance, stream };
}

test('an empty part is no content, and no content in time is a timeout', async t => {
  const { bytes, isOpen, advance, opened, calls } = bench();
  bytes.add(part(''));
  t.equal(await isOpen(), false);
  await advance(2_000);
  t.match(await opened, { outcome: 'timeout', error: { type: 'FIRST_CONTENT_TIMEOUT' } });
  t.same(calls, ['close'], 'the connection is closed');
});

test('the idle clock runs between events while somebody waits for one', async t => {
  const { bytes, stream, advance } = bench();
  bytes.add(part('a'));
  const { events, ended } = await stream();
  const reading = events[Symbol.asyncIterator]();
  await reading.next();
  await advance(5_000);
  bytes.add(part('b'));
  t.equal(String((await reading.next()).value?.payload), 'b', 'a reader who takes long is not the stream’s silence');
  const waiting = reading.next();
  await settle();
  await advance(500);
  t.equal((await waiting).done, true);
  t.match(await ended, { outcome: 'timeout', error: { type: 'IDLE_TIMEOUT' }, firstContentMs: 0, durationMs: 5_500 });
});

test('the total clock blames the stream only while it is waited for', async t => {
  const slow = bench({ idleMs: 60_000 });
  slow.bytes.add(part('a'));
  const waitedFor = await slow.stream();
  const reading = waitedFor.events[Symbol.asyncIterator]();
  await reading.next();
  const next = reading.next();
  await settle();
  await slow.advance(10_000);
  t.equal((await next).done, true);
  t.match(await waitedFor.ended, { outcome: 'timeout', error: { type: 'TOTAL_TIMEOUT' } });

  const unread = bench();
  unread.bytes.add(part('a'));
  const { ended } = await unread.stream();
  await unread.advance(10_000);
  t.match(await ended, { outcome: 'cancelled', error: { type: 'TOTAL_TIMEOUT' } });
});

test('rescue: restart holds back until the window is full or over', async t => {
  const full = bench({ rescue: 'restart' });
  full.bytes.add(part('a'));
  t.equal(await full.isOpen(), false);
  full.bytes.add(part('b'.repeat(1_000)));
  t.equal(await full.isOpen(), true);
  const over = bench({ rescue: 'restart' });
  over.bytes.add(part('a'));
  t.equal(await over.isOpen(), false);
  await over.advance(300);
  t.equal(await over.isOpen(), true);
  const cut = bench({ rescue: 'restart' });
  cut.bytes.add(part('a'));
  await settle();
  cut.bytes.finish({ kind: 'broken', code: 'ECONNRESET', message: 'reset', sent: true });
  t.match(await cut.opened, { outcome: 'backend-fault', error: { type: 'ECONNRESET' } });
  t.equal(cut.memory.heldBytes, 0, 'what was held back is given back');
});

test('rescue: buffered opens at the end, within the memory there is', async t => {
  const whole = bench({ rescue: 'buffered' });
  whole.bytes.add(part('a'));
  t.equal(await whole.isOpen(), false);
  t.equal(whole.memory.heldBytes, part('a').length);
  whole.bytes.finish('end');
  const { events } = await whole.stream();
  let text = '';
  for await (const event of events) text += event.payload;
  t.equal(text, 'a');
  t.equal(whole.memory.heldBytes, 0);
  const long = bench({ rescue: 'buffered' }, 100);
  long.bytes.add(part('a'.repeat(100)));
  t.match(await long.opened, { outcome: 'backend-fault', error: { type: 'RESPONSE_TOO_LARGE' } });
  const crowded = bench({ rescue: 'buffered' });
  crowded.memory.take(100_000);
  crowded.bytes.add(part('a'));
  t.match(await crowded.opened, { outcome: 'cancelled', error: { type: 'BUFFERS_FULL' } });
  t.equal(crowded.memory.heldBytes, 100_000);
});

test('leaving closes the upstream and blames nobody', async t => {
  const { bytes, stream, calls } = bench();
  bytes.add(part('a'));
  const { events, ended } = await stream();
  for await (const _ of events) break;
  t.equal((await ended).outcome, 'cancelled');
  t.same(calls, ['close']);
});

test('what waits for a slow reader is counted, an event that is still coming too, until it is taken', async t => {
  const { bytes, stream, memory } = bench();
  const [first, second] = [part('a'.repeat(5_000)), part('b'.repeat(20_000))];
  bytes.add(Buffer.concat([first, second.subarray(0, 15_000)]));
  const { events } = await stream();
  const reading = events[Symbol.asyncIterator]();
  await reading.next();
  t.equal(memory.heldBytes, first.length + 15_000, 'it is being written, and the rest of the next one is to come');
  const next = reading.next();
  await settle();
  t.equal(memory.heldBytes, 15_000);
  bytes.add(second.subarray(15_000));
  await next;
  t.equal(memory.heldBytes, second.length);
  const end = reading.next();
  bytes.finish('end');
  await end;
  t.equal(memory.heldBytes, 0);
});

test('where there is no room, readers who keep up go on, and an event that is large is not waited for', async t => {
  const { bytes, stream, memory, calls } = bench({}, 10_000_000);
  bytes.add(part('a'));
  const { events, ended } = await stream();
  const reading = events[Symbol.asyncIterator]();
  await reading.next();
  memory.take(100_000 - memory.heldBytes);
  for (let event = 0; event < 5; event += 1) {
    const next = reading.next();
    bytes.add(part('b'.repeat(20_000)));
    t.equal((await next).done, false);
  }
  const large = reading.next();
  const frame = part('c'.repeat(500_000));
  bytes.add(frame.subarray(0, 100_000));
  await settle();
  t.same(calls, ['pause', 'resume']);
  bytes.add(frame.subarray(100_000, 140_000));
  t.equal((await large).done, true);
  t.match(await ended, { outcome: 'cancelled', error: { type: 'BUFFERS_FULL' } });
  t.equal(calls.at(-1), 'close');
});

test('whatever happens in whatever order, a stream ends once, closes its clocks and gives back its memory', async t => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('part' as const), text: fc.string({ maxLength: 2_000 }) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(700) }) },
    fc.record({ do: fc.constantFrom('end' as const, 'break' as const, 'nonsense' as const, 'leave' as const) }),
  );
  const rescue = fc.constantFrom('none' as const, 'restart' as const, 'buffered' as const);
  await fc.assert(
    fc.asyncProperty(rescue, fc.array(step, { maxLength: 12 }), async (how, steps) => {
      const { clock, memory, bytes, opened, advance } = bench({ rescue: how });
      let [sent, got, left] = ['', '', false];
      const consumed = opened.then(async found => {
        if (!('stream' in found)) return found.outcome;
        for await (const event of found.stream.events) {
          got += event.payload;
          if (left) break;
        }
        return (await found.stream.ended).outcome;
      });
      for (const next of steps) {
        if (next.do === 'part') {
          bytes.add(part(next.text));
          sent += next.text;
        } else if (next.do === 'wait') await advance(next.ms);
        else if (next.do === 'end') bytes.finish('end');
        else if (next.do === 'break') bytes.finish({ kind: 'broken', code: 'ECONNRESET', message: '', sent: true });
        else if (next.do === 'nonsense') bytes.add(Buffer.alloc(12, 1));
        else left = true;
        await settle();
        if (next.do === 'end' || next.do === 'break') break;
      }
      for (let waited = 0; waited < 30; waited += 1) await advance(500);
      const outcome = await consumed;
      const honest = outcome !== 'ok' || left || got === sent;
      return honest && sent.startsWith(got) && memory.heldBytes === 0 && clock.timers === 0;
    }),
    { numRuns: 200, seed: 11 },
  );
  t.pass();
});
