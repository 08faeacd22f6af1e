import { test } from 'tap';
import { createGate } from '../../src/jobs/gate.ts';
import { submitJob } from '../../src/jobs/submit-job.ts';
import { jobReplica, keyOf, someAttempt, someJob, twoBuckets } from '../helpers/job-replica.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { memoryObjects } from '../helpers/memory-objects.ts';

test('however many jobs lose their region at once, few inputs are copied at a time', async t => {
  const { store, objects } = memoryObjects();
  let copying = 0;
  let most = 0;
  const watched: typeof store = {
    ...store,
    put: async (place, ...rest) => {
      const isCopy = place.key.endsWith('/input');
      if (isCopy) most = Math.max(most, ++copying);
      await new Promise(resolve => setImmediate(resolve));
      if (isCopy) copying -= 1;
      return store.put(place, ...rest);
    },
  };
  const { ports, book } = jobReplica('one', watched, manualClock());
  const submitted: string[] = [];
  const submit: typeof ports.submit = async job => {
    submitted.push(job.id);
    return { by: 'endpoint', ...someAttempt('b') };
  };
  const jobs = Array.from({ length: 12 }, (_, index) =>
    someJob({ id: `00000000-0000-0000-0000-0000000000${10 + index}`, copies: ['a'], state: 'queued' }),
  );
  for (const job of jobs) {
    await book.add(job);
    objects.set(keyOf('a', 'input', job), Buffer.from('x'));
  }
  const lost = { ...ports, submit, copies: createGate(2), regionsFor: () => ['b'] };
  await Promise.all(jobs.map(job => submitJob(lost, job, twoBuckets)));
  t.equal(most, 2);
  t.equal(submitted.length, jobs.length, 'and all of them go on');
});

test('a gate goes on after work that fails', async t => {
  const gate = createGate(1);
  await t.rejects(gate.through(() => Promise.reject(new Error('broken'))));
  const order: number[] = [];
  await Promise.all([1, 2, 3].map(number => gate.through(async () => void order.push(number))));
  t.same(order, [1, 2, 3]);
});
