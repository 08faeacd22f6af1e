import { type Test, test } from 'tap';
import {
  type TransformPlane,
  TransformPlaneError,
  type TransformStart,
  type TransformState,
} from '../../../src/backends/transform-plane.ts';
import type { GatewayEvent, RegionState } from '../../../src/core/events.ts';
import type { Transform } from '../../../src/core/transform.ts';
import type { Batch } from '../../../src/jobs/batches/batch.ts';
import { batchKind } from '../../../src/jobs/batches/batch-kind.ts';
import { startBatches } from '../../../src/jobs/batches/batches.ts';
import type { BatchPorts } from '../../../src/jobs/batches/ports.ts';
import { withdrawBatch } from '../../../src/jobs/batches/withdraw-batch.ts';
import { workOnBatch } from '../../../src/jobs/batches/work-on-batch.ts';
import { openBook } from '../../../src/jobs/book.ts';
import type { JobsOptions } from '../../../src/jobs/options.ts';
import { manualClock } from '../../helpers/manual-clock.ts';
import { memoryObjects } from '../../helpers/memory-objects.ts';
import { memoryState } from '../../helpers/memory-state.ts';

const options = {
  buckets: { a: 'bucket-a', b: 'bucket-b' },
  prefix: 'jobs/',
  batchPollMs: 1_000,
  maxResubmissions: 2,
  retentionHours: 72,
  places: [],
} as unknown as JobsOptions;

const transformIn = (region: string, usdPerHour: number | undefined): Transform => ({
  region,
  residency: 'us',
  modelName: 'rain',
  instance: 'ml.m5.large',
  count: 1,
  usdPerHour,
  maxPayloadMb: 6,
  maxConcurrent: undefined,
});

const id = '00000000-0000-0000-0000-000000000001';
const placesIn = (region: string) => ({ input: `s3://bucket-${region}/in/`, output: `s3://bucket-${region}/out/` });

/** One replica with batches in two regions, of which `a` is cheaper; what the control planes do is the test's. */
function replica(t: Test, regionStates: Record<string, RegionState> = {}, name = 'one', { store } = memoryObjects()) {
  const clock = manualClock();
  const running = new Map<string, TransformState>();
  const created: string[] = [];
  const stopped: string[] = [];
  const charged: number[] = [];
  const events: GatewayEvent[] = [];
  const hooks: { create?: (region: string, start: TransformStart) => Promise<void> | void } = {};
  const plane: TransformPlane = {
    create: async (region, start) => {
      created.push(`${region} ${start.jobName}`);
      await hooks.create?.(region, start);
      const state = {
        status: 'InProgress' as const,
        failure: undefined,
        startedAtMs: clock.wallMs(),
        endedAtMs: undefined,
      };
      if (!running.has(`${region} ${start.jobName}`)) running.set(`${region} ${start.jobName}`, state);
    },
    describe: async (region, jobName) => running.get(`${region} ${jobName}`),
    stop: async (region, jobName) => {
      const key = `${region} ${jobName}`;
      const state = running.get(key);
      stopped.push(key);
      if (state !== undefined) running.set(key, { ...state, status: 'Stopped', endedAtMs: clock.wallMs() });
    },
  };
  const book = openBook(batchKind, { clock, state: memoryState(), store, options: () => options, warn: t.fail });
  const ports: BatchPorts = {
    clock,
    emit: event => void events.push(event),
    store,
    plane,
    book,
    ready: async () => {},
    options: () => options,
    replica: name,
    transforms: () => [transformIn('b', 2), transformIn('a', 1)],
    regionState: region => regionStates[region] ?? 'serving',
    tell: async () => true,
    charge: (_, usd) => void charged.push(usd),
    clean: (_, text) => text,
    warn: () => {},
  };
  const batch: Batch = {
    id,
    owner: name,
    tenant: 't',
    model: 'rain',
    version: 'v1',
    createdAtMs: clock.wallMs(),
    places: { a: placesIn('a'), b: placesIn('b') },
    keepsOutput: false,
    split: 'line',
    together: true,
    copies: ['a'],
    state: 'queued',
    attempts: [],
  };
  const step = async () => {
    const known = book.get(id);
    if (known !== undefined) await workOnBatch(ports, known, options);
    return book.get(id);
  };
  return { clock, ports, book, batch, step, running, created, stopped, charged, events, hooks };
}

test('the cheapest region that serves is asked, under a name made of the batch’s id', async t => {
  const { book, batch, step, created } = replica(t);
  await book.add(batch);
  t.match(await step(), { state: 'running', attempts: [{ region: 'a', stage: 'created', usdPerHour: 1 }] });
  t.same(created, [`a meridian-${id}-1`]);
  const other = replica(t, { a: 'evacuated' });
  await other.book.add(other.batch);
  t.match(await other.step(), { state: 'running', attempts: [{ region: 'b' }] });
});

test('an attempt is written down before its region is asked, so that a crash in between makes no second transform', async t => {
  const { book, batch, step, created, running, hooks } = replica(t);
  await book.add(batch);
  let written: Batch | undefined;
  hooks.create = () => {
    written = book.get(id);
  };
  await step();
  t.match(written, { state: 'queued', attempts: [{ region: 'a', stage: 'asking' }] });
  // As the next process finds it: created, but nobody heard so.
  if (written !== undefined) await book.add(written);
  t.match(await step(), { state: 'running', attempts: [{ region: 'a', stage: 'created' }] });
  t.same(created, [`a meridian-${id}-1`, `a meridian-${id}-1`], 'asked again under the same name');
  t.equal(running.size, 1);
});

test('what was asked of a region that is gone after a crash is stopped once it is back', async t => {
  const states: Record<string, RegionState> = {};
  const { book, batch, step, running, stopped } = replica(t, states);
  await book.add(batch);
  await step();
  const asking = book.get(id)?.attempts.map(attempt => ({ ...attempt, stage: 'asking' as const })) ?? [];
  await book.add({ ...batch, attempts: asking });
  states['a'] = 'evacuated';
  t.match(await step(), { state: 'running', attempts: [{ region: 'a', stage: 'abandoned' }, { region: 'b' }] });
  await step();
  t.same(stopped, [`a meridian-${id}-1`]);
  t.match(await step(), {
    attempts: [
      { region: 'a', stage: 'over' },
      { region: 'b', stage: 'created' },
    ],
  });
  t.equal(running.get(`b meridian-${id}-1`)?.status, 'InProgress');
});

test('a refusal leaves nothing behind; silence leaves an attempt that is looked after until it is known to be nothing', async t => {
  const { book, batch, step, hooks, clock } = replica(t);
  await book.add(batch);
  hooks.create = region => {
    if (region === 'a') throw new TransformPlaneError('ThrottlingException', 'slow down', false);
    throw new TransformPlaneError('TimeoutError', 'no answer', true);
  };
  const waits = await step();
  t.match(waits, { state: 'queued', detail: /a: ThrottlingException.*b: TimeoutError|b: .*a: / });
  t.match(waits?.attempts, [
    { region: 'a', stage: 'over' },
    { region: 'b', stage: 'abandoned' },
  ]);
  hooks.create = () => {};
  t.match(await step(), { state: 'running', attempts: [{ region: 'a', stage: 'created' }, { stage: 'abandoned' }] });
  t.match((await step())?.attempts[1], { stage: 'abandoned' }, 'it may still come to be');
  clock.advance(60_001);
  t.match((await step())?.attempts[1], { stage: 'over' });
});

test('a transform whose creation was not answered is taken, not stopped, while the batch waits for one', async t => {
  const { book, batch, step, hooks, running, stopped, created, clock } = replica(t, { b: 'evacuated' });
  await book.add(batch);
  hooks.create = (region, { jobName }) => {
    const startedAtMs = clock.wallMs();
    running.set(`${region} ${jobName}`, {
      status: 'InProgress',
      failure: undefined,
      startedAtMs,
      endedAtMs: undefined,
    });
    throw new TransformPlaneError('TimeoutError', 'no answer', true);
  };
  t.match(await step(), { state: 'queued', attempts: [{ region: 'a', stage: 'abandoned' }] });
  t.match(await step(), { state: 'running', attempts: [{ region: 'a', stage: 'created' }] });
  t.match(await step(), { state: 'running' });
  t.same(stopped, []);
  t.equal(created.length, 1);
});

test('a batch withdrawn while its region is asked is stopped there', async t => {
  const { ports, book, batch, step, hooks, stopped } = replica(t);
  await book.add(batch);
  hooks.create = async () => {
    const known = book.get(id);
    if (known !== undefined) t.match(await withdrawBatch(ports, known, options), { state: 'cancelled' });
  };
  t.match(await step(), { state: 'cancelled', attempts: [{ stage: 'abandoned' }] });
  t.same(book.open().length, 1, 'something is left to do');
  await step();
  t.same(stopped, [`a meridian-${id}-1`]);
  await step();
  await step();
  t.same(book.open(), []);
});

test('a replica that does not own a batch leaves word beside its record, and the owner stops it', async t => {
  const { ports, book, batch, step, stopped } = replica(t);
  await book.add(batch);
  await step();
  const known = book.get(id);
  if (known === undefined) throw new Error('it is known');
  t.match(await withdrawBatch({ ...ports, replica: 'two' }, known, options), { state: 'stopping' });
  t.equal(stopped.length, 1, 'the region is told at once');
  t.equal(book.get(id)?.state, 'running', 'its owner is not');
  t.match(await step(), { state: 'stopping' });
  t.match(await step(), { state: 'cancelled' });
});

test('each attempt is charged once, when its instances are let go of', async t => {
  const { book, batch, step, running, clock, charged, events } = replica(t);
  await book.add(batch);
  await step();
  clock.advance(1_800_000);
  await step();
  t.same(charged, []);
  const fail = running.get(`a meridian-${id}-1`);
  if (fail === undefined) throw new Error('it runs');
  const failed = { ...fail, status: 'Failed' as const, failure: 'CapacityError: none', endedAtMs: clock.wallMs() };
  running.set(`a meridian-${id}-1`, failed);
  t.match(await step(), { state: 'queued' });
  t.same(charged, [0.5], 'half an hour at 1 USD');
  t.match(await step(), {
    state: 'running',
    attempts: [{ region: 'a' }, { region: 'b', jobName: `meridian-${id}-2` }],
  });
  clock.advance(3_600_000);
  const done = running.get(`b meridian-${id}-2`);
  if (done === undefined) throw new Error('it runs');
  running.set(`b meridian-${id}-2`, { ...done, status: 'Completed', endedAtMs: clock.wallMs() });
  t.match(await step(), { state: 'completed' });
  await step();
  t.same(charged, [0.5, 2]);
  const costs = events.flatMap(event => (event.type === 'batch-charged' ? [[event.region, event.costUsd]] : []));
  t.same(costs, [
    ['a', 0.5],
    ['b', 2],
  ]);
});

test('a transform that is not there any more is made again, and one that was stopped by somebody is not', async t => {
  const { book, batch, step, running, clock } = replica(t);
  await book.add(batch);
  await step();
  running.clear();
  t.match(await step(), { state: 'running' }, 'a control plane may not know yet');
  clock.advance(60_001);
  t.match(await step(), { state: 'queued', detail: /not there any more/ });
  t.match(await step(), { state: 'running', attempts: [{ region: 'a' }, { region: 'b' }] });
  const [key, state] = [...running][0] ?? [];
  if (key !== undefined && state !== undefined) running.set(key, { ...state, status: 'Stopped' });
  t.match(await step(), { state: 'cancelled', detail: 'stopped in b, by somebody else' });
});

test('regions without a known price are asked last', async t => {
  const { book, batch, step, ports } = replica(t);
  await book.add(batch);
  Object.assign(ports, { transforms: () => [transformIn('a', undefined), transformIn('b', 9)] });
  t.match(await step(), { attempts: [{ region: 'b' }] });
});

test('of two replicas that believe a batch theirs, and see different regions, one starts it', async t => {
  const objects = memoryObjects();
  const one = replica(t, { b: 'evacuated' }, 'one', objects);
  const two = replica(t, { a: 'evacuated' }, 'two', objects);
  await one.book.add(one.batch);
  await two.book.add(one.batch);
  await two.book.save(two.batch); // which took it over while the first was not heard of
  t.match(await one.step(), { owner: 'two', state: 'queued' });
  t.same(one.created, []);
  t.match(await two.step(), { state: 'running', attempts: [{ region: 'b' }] });
});

test('a batch cancelled after a crash, while its region is asked, leaves nothing running', async t => {
  const { book, batch, ports, step, stopped, running, hooks } = replica(t);
  await book.add(batch);
  let written: Batch | undefined;
  hooks.create = () => {
    written = book.get(id);
  };
  await step();
  // As the next process finds it: created, but nobody heard so.
  if (written !== undefined) await book.add(written);
  t.match(await withdrawBatch(ports, written ?? batch, options), { state: 'cancelled' });
  await step();
  t.same(stopped, [`a meridian-${id}-1`]);
  t.match(running.get(`a meridian-${id}-1`), { status: 'Stopped' });
});

test('a batch is not removed while a region may run what it was asked for', async t => {
  const { book, batch, ports } = replica(t);
  const attempt = { region: 'a', jobName: 'meridian-x-1', askedAtMs: 0, stage: 'abandoned' as const };
  await book.add({ ...batch, state: 'completed', attempts: [attempt] });
  const batches = startBatches({ ...ports, ready: () => new Promise(() => {}) });
  await t.rejects(batches.withdraw(await batches.find(id, 't')), {
    code: 'upstream-failed',
    message: /^a may still run/,
  });
  t.ok(book.get(id));
  await book.save({ ...batch, state: 'completed', attempts: [{ ...attempt, stage: 'over' as const }] });
  await batches.withdraw(await batches.find(id, 't'));
  t.equal(book.get(id), undefined);
});
