import { test } from 'tap';
import { acceptJob } from '../../src/jobs/accept.ts';
import { removeJob } from '../../src/jobs/remove-job.ts';
import { jobReplica, keyOf, someAttempt, someJob, twoBuckets, without } from '../helpers/job-replica.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { memoryObjects } from '../helpers/memory-objects.ts';

const output = 'a/bucket-a/outputs/out';

test('what an endpoint writes for a job that is removed is removed too', async t => {
  const { store, objects } = memoryObjects();
  const clock = manualClock();
  const { ports, book } = jobReplica('one', store, clock);
  const job = someJob({ state: 'cancelled', attempts: [someAttempt('a', clock.wallMs())] });
  await book.add(job);
  await book.save(job);
  objects.set(keyOf('a', 'input'), Buffer.from('x'));
  await removeJob(ports, job, twoBuckets);
  t.same([...objects.keys()].sort(), [keyOf('a', 'record.json'), keyOf('b', 'record.json')]);
  objects.set(output, Buffer.from('late'));
  await removeJob(ports, job, twoBuckets);
  t.same([...objects.keys()], []);
  t.equal(book.get(job.id), undefined);
});

test('nobody waits for longer than an endpoint can write', async t => {
  const { store, objects } = memoryObjects();
  const clock = manualClock();
  const { ports, book } = jobReplica('one', store, clock);
  const job = someJob({ state: 'cancelled', attempts: [someAttempt('a', clock.wallMs())] });
  await book.add(job);
  await removeJob(ports, job, twoBuckets);
  t.match(book.get(job.id), { removing: true });
  clock.advance(8 * 3_600_000);
  await removeJob(ports, job, twoBuckets);
  t.equal(book.get(job.id), undefined);
  t.same([...objects.keys()], []);
});

test('a job that is removed while a region is away does not come back when the index is lost', async t => {
  const { store, objects } = memoryObjects();
  let away: string[] = [];
  const reached = without(store, () => away);
  const job = someJob({ state: 'completed', result: { region: 'a', location: someAttempt().outputLocation } });
  const before = jobReplica('one', reached, manualClock());
  await before.book.add(job);
  await before.book.save(job);
  away = ['a'];
  await removeJob(before.ports, job, twoBuckets);
  const after = jobReplica('one', reached, manualClock());
  await after.takeOver.run();
  t.match(after.book.open(), [{ id: job.id, removing: true }], 'it is known as one that is being removed');
  away = [];
  await removeJob(after.ports, job, twoBuckets);
  t.same([...objects.keys()], []);
});

test('a replica that does not own a job goes on removing it until it is gone', async t => {
  const { store, objects } = memoryObjects();
  let away = ['b'];
  const reached = without(store, () => away);
  const job = someJob({ state: 'completed', result: { region: 'a', location: someAttempt().outputLocation } });
  objects.set(keyOf('b', 'input'), Buffer.from('x'));
  const { ports, book } = jobReplica('two', reached, manualClock());
  await removeJob(ports, job, twoBuckets);
  t.match(book.open(), [{ id: job.id, owner: 'two', removing: true }]);
  away = [];
  await removeJob(ports, book.get(job.id) ?? job, twoBuckets);
  t.same([...objects.keys()], []);
});

test('what is left of a job that was not accepted is removed, not run, once its region is back', async t => {
  const { store, objects } = memoryObjects();
  let away: string[] = [];
  const regions = without(store, () => away);
  // The region takes the record, its answer is lost, and it is gone then.
  const reached: typeof store = {
    ...regions,
    put: async (place, ...rest) => {
      const written = await regions.put(place, ...rest);
      if (place.region === 'b' && place.key.endsWith('record.json')) away = ['b'];
      if (away.includes(place.region)) throw new Error('its answer was lost');
      return written;
    },
  };
  const { ports, book } = jobReplica('one', reached, manualClock());
  const options = { ...twoBuckets, inputCopies: 2 };
  const { inputBytes: _, copies: __, state: ___, attempts: ____, ...job } = someJob();
  const accepting = { store: reached, options, regions: ['a', 'b'], leftBehind: book.removing, warn: () => {} };
  const payload = (async function* () {
    yield Buffer.from('x');
  })();
  await t.rejects(acceptJob(accepting, job, payload), { code: 'upstream-failed' });
  t.ok(objects.has(keyOf('b', 'record.json')), 'it is there');
  t.match(book.open(), [{ id: job.id, removing: true }]);
  away = [];
  await removeJob(ports, someJob(), twoBuckets);
  t.same([...objects.keys()], []);
});
