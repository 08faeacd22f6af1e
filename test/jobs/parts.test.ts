import fc from 'fast-check';
import { test } from 'tap';
import type { ObjectPlace, ObjectStore } from '../../src/backends/object-store.ts';
import { partBytes, partsHeld, partsOf } from '../../src/jobs/parts.ts';
import { uploadTo } from '../../src/jobs/upload.ts';

async function* chunksOf(sizes: readonly number[]): AsyncGenerator<Buffer> {
  let value = 0;
  for (const size of sizes) yield Buffer.from(Array.from({ length: size }, () => value++ % 251));
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

test('parts are the payload, all but the last of full size and each a buffer of its own', async t => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(40), { maxLength: 20 }), fc.integer({ min: 1, max: 16 }), async (sizes, size) => {
      const whole = Buffer.concat(await all(chunksOf(sizes)));
      const parts = await all(partsOf(chunksOf(sizes), size));
      const full = parts.slice(0, -1).every(({ bytes, last }) => bytes.length === size && !last);
      const rest = parts.at(-1);
      const own = new Set(parts.map(({ bytes }) => bytes.buffer)).size === parts.length;
      const same = Buffer.concat(parts.map(({ bytes }) => bytes)).equals(whole);
      return full && own && same && rest?.last === true && rest.bytes.length <= size;
    }),
  );
  t.pass();
});

const places: readonly ObjectPlace[] = ['a', 'b'].map(region => ({ region, bucket: 'b', key: 'k' }));

/** A store whose parts arrive when they are let through. */
function gatedStore() {
  const waiting: (() => void)[] = [];
  const aborted: string[] = [];
  const store: Pick<ObjectStore, 'upload'> = {
    upload: async ({ region }) => ({
      part: () => new Promise<void>(resolve => waiting.push(resolve)),
      complete: async () => {},
      abort: async () => void aborted.push(region),
    }),
  };
  return { store: store as ObjectStore, waiting, aborted };
}

test('no more is read than four parts while the buckets are slow', async t => {
  const { store, waiting } = gatedStore();
  let read = 0;
  const payload = async function* () {
    for (let index = 0; index < 80; index += 1) {
      read += 1;
      yield Buffer.alloc(partBytes / 8);
    }
  };
  const uploading = uploadTo(store, places, 'x', payload());
  await new Promise(resolve => setImmediate(resolve));
  for (let turn = 0; turn < 200; turn += 1) await Promise.resolve();
  t.ok(read <= partsHeld * 8 + 1, `${read} eighths of a part were read`);
  t.ok(read >= (partsHeld - 1) * 8, 'and no fewer than can be held');
  const free = setInterval(() => {
    for (const go of waiting.splice(0)) go();
  }, 1);
  const { bytes, whole } = await uploading;
  clearInterval(free);
  t.equal(bytes, 10 * partBytes);
  t.same(whole, places);
});

test('a payload that breaks off is aborted everywhere', async t => {
  const { store, waiting, aborted } = gatedStore();
  const payload = async function* () {
    yield Buffer.alloc(partBytes + 1);
    setImmediate(() => {
      for (const go of waiting.splice(0)) go();
    });
    throw new Error('cut');
  };
  await t.rejects(uploadTo(store, places, 'x', payload()), { message: 'cut' });
  t.same(aborted, ['a', 'b']);
});
