import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { test } from 'tap';
import type { JoinedTruth, RememberedCall } from '../../src/drift/drift.ts';
import type { PastErasure } from '../../src/drift/erasure.ts';
import { createFeedback } from '../../src/drift/feedback.ts';
import { openPredictionBook } from '../../src/drift/prediction-book.ts';
import { predictionSegments } from '../../src/drift/prediction-segments.ts';
import { totals } from '../../src/drift/totals.ts';
import type { SharedEntries } from '../../src/state/state.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { stateDir } from '../helpers/state-dir.ts';

const hour = 3_600_000;
const settled = () => new Promise(resolve => setImmediate(resolve));

/** Redis, as far as entries go, that can be slow and away. */
function redisLike() {
  const entries = new Map<string, string>();
  const state = { away: false, held: undefined as Promise<void> | undefined };
  const answer = async <T>(value: () => T): Promise<T> => {
    await state.held;
    if (state.away) throw new Error('away');
    return value();
  };
  const shared: SharedEntries = {
    put: batch => answer(() => batch.forEach((text, key) => void entries.set(key, text))),
    get: key => answer(() => entries.get(key)),
    claim: (key, text) => answer(() => entries.set(key, entries.get(key) ?? text).get(key) ?? text),
    delete: key => answer(() => void entries.delete(key)),
  };
  return { entries, shared, state };
}

async function replica(t: Test, shared: SharedEntries | undefined, erasures: readonly PastErasure[] = []) {
  const clock = manualClock();
  const directory = stateDir(t);
  const segments = predictionSegments(directory, {
    clock,
    warn: () => {},
    retentionMs: () => 24 * hour,
    maxCalls: () => 1_000_000,
  });
  const book = await openPredictionBook({
    clock,
    shared,
    segments,
    maxPredictions: () => 1_000_000,
    retentionMs: () => 24 * hour,
    erasures: () => erasures,
  });
  const joined: JoinedTruth[] = [];
  const captured: string[] = [];
  const feedback = createFeedback({
    clock,
    book,
    retentionMs: () => 24 * hour,
    joined: truth => joined.push(truth),
    capture: call => void captured.push(call.inferenceId),
    counted: totals(),
  });
  const answered = (inferenceId: string, tenant = 'acme') => {
    const call: RememberedCall = {
      ...{ inferenceId, model: 'rain', version: 'v1', tenant, residency: 'eu' },
      answeredAt: clock.wallMs(),
      predictions: [0.7],
    };
    book.remember(call);
  };
  const take = (inferenceId: string, tenant = 'acme') =>
    feedback.take({ inferenceId, truth: 1 }, { tenant }).then(({ result }) => result);
  const onDisk = () => readdirSync(directory).map(name => readFileSync(join(directory, name), 'utf8'));
  t.teardown(() => book.stop());
  return { clock, directory, book, joined, captured, answered, take, onDisk };
}

test('an answer that is deleted while its truth is under way is deleted', async t => {
  const { entries, shared, state } = redisLike();
  const { book, answered, take, joined, captured, clock, onDisk } = await replica(t, shared);
  answered('a');
  clock.advance(1_000);
  await settled();
  const { promise, resolve } = Promise.withResolvers<void>();
  state.held = promise; // Redis is slow
  const late = take('a');
  await settled();
  const forgotten = book.forget({ tenant: 'acme' });
  resolve();
  t.equal(await late, 'unknown');
  t.equal(await forgotten, 1);
  await book.stop();
  t.strictSame([joined, captured, [...entries.keys()], onDisk().join('')], [[], [], [], '']);
});

test('an answer on its way to Redis when it is deleted does not come after', async t => {
  const { entries, shared, state } = redisLike();
  const { book, answered, clock } = await replica(t, shared);
  const { promise, resolve } = Promise.withResolvers<void>();
  state.held = promise;
  answered('a');
  clock.advance(1_000);
  await settled();
  const forgotten = book.forget({ inferenceId: 'a' });
  resolve();
  await forgotten;
  await settled();
  t.strictSame([...entries.keys()], []);
});

test('what Redis does not give up while it is away is nobody’s meanwhile, and goes when it is back', async t => {
  const { entries, shared, state } = redisLike();
  const { book, answered, take, clock } = await replica(t, shared);
  for (const id of ['a', 'b']) answered(id);
  t.equal(await take('a'), 'joined');
  clock.advance(1_000);
  await settled();
  t.equal(entries.size, 3);
  state.away = true;
  t.equal(await book.forget({ tenant: 'acme' }), 2);
  state.away = false;
  t.equal(await take('b'), 'unknown');
  clock.advance(1_000);
  await settled();
  await settled();
  t.equal(entries.size, 0);
});

test('a copy in Redis of a replica that is gone is nobody’s once another replica deleted its tenant', async t => {
  const { shared } = redisLike();
  const gone = await replica(t, shared);
  for (const tenant of ['acme', 'other']) gone.answered('a', tenant);
  await gone.book.stop();
  const erasures: PastErasure[] = [];
  const { take, clock } = await replica(t, shared, erasures);
  erasures.push({ erased: { tenant: 'acme' }, atMs: clock.wallMs() + 5 });
  clock.advance(300);
  t.equal(await take('a'), 'unknown');
  t.equal(await take('a', 'other'), 'joined', 'another tenant’s stays');
});

test('a deletion that the disk refuses is no success, and half a line goes with the rest', async t => {
  const { book, answered, directory } = await replica(t, undefined);
  for (const id of ['a', 'b']) answered(id);
  await book.forget({ inferenceId: 'none' });
  const [name = ''] = readdirSync(directory);
  const path = join(directory, name);
  writeFileSync(path, `${readFileSync(path, 'utf8')}{"inferenceId":"a","tena`);
  t.equal(await book.forget({ inferenceId: 'a' }), 1);
  t.notMatch(readFileSync(path, 'utf8'), '"a"');
  t.match(readFileSync(path, 'utf8'), '"b"');
  mkdirSync(`${path}.new`); // nothing can be written there, whoever runs this
  await t.rejects(book.forget({ inferenceId: 'b' }));
});

test('a tenant of twenty thousand answers is deleted in few turns of Redis', async t => {
  const { entries, shared } = redisLike();
  const { book, answered, clock } = await replica(t, shared);
  for (let id = 0; id < 20_000; id++) answered(`id-${id}`);
  clock.advance(300);
  await settled();
  t.equal(entries.size, 20_000);
  t.equal(await book.forget({ tenant: 'acme' }), 20_000);
  t.equal(entries.size, 0);
});
