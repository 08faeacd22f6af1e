import { test } from 'tap';
import { change } from '../../src/jobs/change.ts';
import { isWithdrawn, withdrawJob } from '../../src/jobs/withdraw-job.ts';
import { jobReplica, someAttempt, someJob, twoBuckets, without } from '../helpers/job-replica.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { memoryObjects } from '../helpers/memory-objects.ts';

test('word that was left in any region reaches the owner, also while the others are away or never got it', async t => {
  for (const lost of ['a', 'b']) {
    const { store } = memoryObjects();
    let away = [lost];
    const reached = without(store, () => away);
    const owner = jobReplica('one', reached, manualClock());
    const other = jobReplica('two', reached, manualClock());
    t.equal(await isWithdrawn(owner.ports, someJob(), twoBuckets), false);
    t.match(await withdrawJob(other.ports, someJob(), twoBuckets), { state: 'cancelled' });
    t.equal(await isWithdrawn(owner.ports, someJob(), twoBuckets), true, `${lost} is away`);
    away = [];
    t.equal(await isWithdrawn(owner.ports, someJob(), twoBuckets), true, `${lost} is back`);
  }
});

test('a cancellation that its owner cannot hear of is not called one', async t => {
  const { store } = memoryObjects();
  const other = jobReplica(
    'two',
    without(store, () => ['a', 'b']),
    manualClock(),
  );
  await t.rejects(withdrawJob(other.ports, someJob(), twoBuckets), { code: 'upstream-failed' });
  const owner = jobReplica(
    'one',
    without(store, () => ['a', 'b']),
    manualClock(),
  );
  await owner.book.add(someJob());
  t.match(await withdrawJob(owner.ports, someJob(), twoBuckets), { state: 'cancelled' }, 'its owner hears itself');
});

test('a change forgets no attempt that was made since its caller read the job', async t => {
  const { ports, book } = jobReplica('one', memoryObjects().store, manualClock());
  const asRead = someJob({ state: 'queued', attempts: [] });
  await book.add(asRead);
  await change(ports, asRead, 'accepted', { attempts: [someAttempt('b')] });
  t.match(await change(ports, asRead, 'withdrawn'), { state: 'cancelled', attempts: [{ region: 'b' }] });
});
