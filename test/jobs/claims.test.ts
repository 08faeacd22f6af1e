import { type Test, test } from 'tap';
import { openBook } from '../../src/jobs/book.ts';
import { createHeartbeats } from '../../src/jobs/heartbeats.ts';
import { jobKind } from '../../src/jobs/job-kind.ts';
import type { JobsOptions } from '../../src/jobs/options.ts';
import type { JobPorts, Submission } from '../../src/jobs/ports.ts';
import { submitJob } from '../../src/jobs/submit-job.ts';
import { someJob } from '../helpers/job-replica.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { memoryObjects } from '../helpers/memory-objects.ts';
import { memoryState } from '../helpers/memory-state.ts';

const options = {
  buckets: { a: 'bucket' },
  prefix: 'jobs/',
  pollMs: 20,
  places: [],
} as unknown as JobsOptions;

const job = someJob({ copies: ['a'], state: 'queued', attempts: [] });

const taken: Submission = {
  by: 'endpoint',
  region: 'a',
  target: 'v1@a/async',
  outputLocation: 's3://bucket/out',
  failureLocation: 's3://bucket/fail',
};

/** Replicas over the same buckets and clock, each with an index of its own. */
async function replicas(t: Test, names: readonly string[], submission: Submission = taken) {
  const { store, objects } = memoryObjects();
  const clock = manualClock();
  const submitted: string[] = [];
  const made = names.map(replica => {
    const book = openBook(jobKind, { clock, state: memoryState(), store, options: () => options, warn: t.fail });
    const ports = {
      clock,
      store,
      book,
      replica,
      emit: () => {},
      options: () => options,
      regionsFor: () => ['a'],
      regionState: () => 'serving' as const,
      submit: async () => {
        submitted.push(replica);
        return submission;
      },
      warn: t.fail,
    } as unknown as JobPorts;
    return { ports, book };
  });
  for (const { book, ports } of made) {
    await book.add(job);
    await createHeartbeats(ports).beat();
  }
  return { made, submitted, clock, objects };
}

test('of two replicas that believe a job theirs one submits it', async t => {
  const { made, submitted } = await replicas(t, ['one', 'two']);
  const steps = await Promise.all(made.map(({ ports }) => submitJob(ports, job, options)));
  t.equal(submitted.length, 1);
  t.same(steps.map(step => step.job.state).sort(), ['queued', 'running']);
});

test('a claim that came to nothing is its replica’s own to repeat, and another’s after a while', async t => {
  const { made, submitted, clock } = await replicas(t, ['one', 'two'], { by: 'nobody', detail: 'not now' });
  const [one, two] = made;
  if (one === undefined || two === undefined) throw new Error('two replicas');
  await submitJob(one.ports, job, options);
  await submitJob(one.ports, job, options);
  await submitJob(two.ports, job, options);
  t.same(submitted, ['one', 'one'], 'the other one waits');
  clock.advance(30_001);
  await submitJob(two.ports, job, options);
  t.same(submitted, ['one', 'one', 'two']);
});

test('a claim of a replica that is gone holds nobody up', async t => {
  const { made, submitted, objects } = await replicas(t, ['one', 'two'], { by: 'nobody', detail: 'not now' });
  const [one, two] = made;
  if (one === undefined || two === undefined) throw new Error('two replicas');
  await submitJob(one.ports, job, options);
  t.ok(objects.delete('a/bucket/jobs/replicas/one'), 'it is heard of no more');
  await submitJob(two.ports, job, options);
  t.same(submitted, ['one', 'two']);
});

test('a job withdrawn while it is handed over stays so, and its output is known', async t => {
  const { made } = await replicas(t, ['one']);
  const [one] = made;
  if (one === undefined) throw new Error('one replica');
  const { ports, book } = one;
  const submit = async () => {
    await book.save({ ...job, state: 'cancelled' });
    return taken;
  };
  await submitJob({ ...ports, submit }, job, options);
  t.match(book.get(job.id), { state: 'cancelled', attempts: [{ outputLocation: 's3://bucket/out' }] });
});

test('a job that another replica has taken over is left to it, however old the claim', async t => {
  const { made, submitted, clock } = await replicas(t, ['one', 'two']);
  const [one, two] = made;
  await two?.book.save({ ...job, owner: 'two' });
  if (two !== undefined) await submitJob(two.ports, { ...job, owner: 'two' }, options);
  clock.advance(60_000);
  if (one !== undefined) await submitJob(one.ports, job, options);
  t.same(submitted, ['two']);
  t.match(one?.book.get(job.id), { owner: 'two', state: 'running' });
});
