import { test } from 'tap';
import type { ObjectStore } from '../../../src/backends/object-store.ts';
import { acceptBatch, type NewBatch } from '../../../src/jobs/batches/accept-batch.ts';
import { batchKind } from '../../../src/jobs/batches/batch-kind.ts';
import type { JobsOptions } from '../../../src/jobs/options.ts';
import { memoryObjects } from '../../helpers/memory-objects.ts';

const id = '00000000-0000-0000-0000-000000000001';
const optionsWith = (inputCopies: number) =>
  ({ buckets: { a: 'bucket-a', b: 'bucket-b' }, prefix: 'jobs/', inputCopies }) as unknown as JobsOptions;
const place = { input: 's3://in/x', output: 's3://out/x/' };
const batch: NewBatch = {
  id,
  owner: 'one',
  tenant: 't',
  model: 'rain',
  version: 'v1',
  createdAtMs: 0,
  places: { a: place, b: place },
  keepsOutput: false,
  split: 'line',
  together: true,
};

/** A store whose region `a` writes, and says that it did not. */
function unsureStore(): ObjectStore {
  const { store } = memoryObjects();
  return {
    ...store,
    put: async (at, ...rest) => {
      const written = await store.put(at, ...rest);
      if (at.region === 'a') throw new Error('no answer');
      return written;
    },
  };
}

test('a batch that is refused leaves no record, not even where a write failed that came through', async t => {
  const store = unsureStore();
  await t.rejects(
    acceptBatch(store, optionsWith(2), batch, () => {}),
    { code: 'upstream-failed' },
  );
  for (const region of ['a', 'b'])
    t.equal(await store.look(batchKind.record(optionsWith(2), region, id)), undefined, region);
});

test('a batch that is accepted has records in its copies only', async t => {
  const store = unsureStore();
  t.match(await acceptBatch(store, optionsWith(1), batch, () => {}), { copies: ['b'], state: 'queued' });
  t.equal(await store.look(batchKind.record(optionsWith(1), 'a', id)), undefined);
  t.ok(await store.look(batchKind.record(optionsWith(1), 'b', id)));
});
