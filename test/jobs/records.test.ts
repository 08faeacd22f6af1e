import { test } from 'tap';
import { change } from '../../src/jobs/change.ts';
import { jobReplica, keyOf, someJob, without } from '../helpers/job-replica.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { memoryObjects } from '../helpers/memory-objects.ts';
import { memoryState } from '../helpers/memory-state.ts';

test('of two records the newer one counts, whichever bucket answers first', async t => {
  for (const region of ['a', 'b']) {
    const { store } = memoryObjects();
    let away: string[] = [];
    const { book } = jobReplica(
      'one',
      without(store, () => away),
      manualClock(),
    );
    await book.add(someJob({ state: 'queued', attempts: [] }));
    await book.save(someJob({ state: 'queued', attempts: [] }));
    away = [region];
    await book.save(someJob());
    away = [];
    const other = jobReplica('two', store, manualClock());
    t.match(
      await other.book.fetch(someJob().id),
      { state: 'running', attempts: [{ region: 'a' }] },
      `not from ${region}`,
    );
  }
});

test('a bucket that does not answer holds a look-up up for a while only', async t => {
  const { store } = memoryObjects();
  const clock = manualClock();
  await jobReplica('one', store, clock).book.add(someJob());
  const one = jobReplica('one', store, clock);
  await one.book.add(someJob());
  await one.book.save(someJob());
  const asked = Promise.withResolvers<void>();
  const silent: typeof store = {
    ...store,
    get: place => {
      if (place.region === 'b') return store.get(place);
      asked.resolve();
      return new Promise(() => {});
    },
  };
  const found = jobReplica('two', silent, clock).book.fetch(someJob().id);
  await asked.promise;
  for (let turn = 0; turn < 10; turn += 1) await new Promise(resolve => setImmediate(resolve));
  clock.advance(2_000);
  t.match(await found, { state: 'running' });
});

test('what a replica that is gone has finished is taken over too, or nobody would ever remove it', async t => {
  const { store } = memoryObjects();
  const clock = manualClock();
  const over = someJob({ state: 'completed', finishedAtMs: 0, told: true });
  const one = jobReplica('one', store, clock);
  await one.heartbeats.beat();
  await one.book.add(over);
  await one.book.save(over);
  const two = jobReplica('two', store, clock);
  await two.heartbeats.beat();
  t.equal(await two.takeOver.run(), 0, 'not while it lives');
  clock.advance(6 * 60_000);
  await two.heartbeats.beat();
  t.equal(await two.takeOver.run(), 1);
  t.match(two.book.closed(), [{ id: over.id, owner: 'two' }]);
  t.match(JSON.parse((await bytesOf(store, over.copies[0] ?? '')).toString()), { owner: 'two' });
});

test('a job that ends just as it is taken over stays at its end: it was run on, and counted twice', async t => {
  const { store } = memoryObjects();
  const clock = manualClock();
  const one = jobReplica('one', store, clock);
  await one.book.add(someJob());
  await one.book.save(someJob());
  const state = memoryState();
  const written = Promise.withResolvers<void>();
  const slow = { ...state, set: (key: string, value: string) => written.promise.then(() => state.set(key, value)) };
  const two = jobReplica('two', store, clock, slow);
  await two.heartbeats.beat();
  const taking = two.takeOver.run();
  while (two.book.get(someJob().id) === undefined) await new Promise(setImmediate);
  const ended = change(two.ports, someJob(), 'produced', { result: { region: 'a', location: 's3://bucket-a/out' } });
  written.resolve();
  await ended;
  t.equal(await taking, 1);
  t.match(two.book.get(someJob().id), { state: 'completed', owner: 'two' });
  t.match(await jobReplica('three', store, clock).book.fetch(someJob().id), { state: 'completed', owner: 'two' });
});

test('a record that cannot be read keeps no other from being taken over', async t => {
  const { store, objects } = memoryObjects();
  const clock = manualClock();
  const [first, second] = [someJob(), someJob({ id: '00000000-0000-0000-0000-000000000002' })];
  const before = jobReplica('one', store, clock);
  for (const job of [first, second]) {
    await before.book.add(job);
    await before.book.save(job);
  }
  objects.delete(keyOf('a', 'record.json', first));
  const broken: typeof store = {
    ...store,
    get: place =>
      place.region === 'b' && place.key.includes(first.id) ? Promise.reject(new Error('SlowDown')) : store.get(place),
  };
  const { takeOver, book, warnings } = jobReplica('one', broken, clock);
  t.equal(await takeOver.run(), 1);
  t.ok(book.get(second.id));
  t.match(warnings, [/not every job could be read: .*SlowDown/]);
});

async function bytesOf(store: ReturnType<typeof memoryObjects>['store'], region: string): Promise<Buffer> {
  const found = await store.get({ region, bucket: `bucket-${region}`, key: `jobs/${someJob().id}/record.json` });
  const chunks: Buffer[] = [];
  for await (const chunk of found?.body ?? []) chunks.push(chunk);
  return Buffer.concat(chunks);
}
