import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import type { Test } from 'tap';
import { test } from 'tap';
import type { JoinedTruth, RememberedCall } from '../../src/drift/drift.ts';
import type { PastErasure } from '../../src/drift/erasure.ts';
import { createFeedback } from '../../src/drift/feedback.ts';
import { openPredictionBook } from '../../src/drift/prediction-book.ts';
import { predictionSegments } from '../../src/drift/prediction-segments.ts';
import { totals } from '../../src/drift/totals.ts';
import type { SharedEntries } from '../../src/state/state.ts';
import { type ManualClock, manualClock } from '../helpers/manual-clock.ts';
import { startRedis } from '../helpers/redis.ts';
import { redisLink } from '../helpers/redis-replica.ts';
import { stateDir } from '../helpers/state-dir.ts';

const hour = 3_600_000;

interface Options {
  readonly clock?: ManualClock;
  readonly shared?: SharedEntries;
  readonly directory?: string;
  readonly maxPredictions?: number;
  readonly erasures?: readonly PastErasure[];
}

async function bench(t: Test, options: Options = {}) {
  const { clock = manualClock(), shared, directory = stateDir(t), maxPredictions = 100, erasures = [] } = options;
  const warn = (message: string) => void t.fail(message);
  const segments = predictionSegments(directory, {
    clock,
    warn,
    retentionMs: () => 24 * hour,
    maxCalls: () => maxPredictions,
  });
  const book = await openPredictionBook({
    clock,
    shared,
    segments,
    maxPredictions: () => maxPredictions,
    retentionMs: () => 24 * hour,
    erasures: () => erasures,
  });
  const joined: JoinedTruth[] = [];
  const captured: unknown[] = [];
  const feedback = createFeedback({
    clock,
    book,
    retentionMs: () => 24 * hour,
    joined: truth => joined.push(truth),
    capture: (call, truths) => void captured.push([call.inferenceId, call.residency, truths]),
    counted: totals(),
  });
  const answered = (inferenceId: string, more: Partial<RememberedCall> = {}) =>
    book.remember({
      inferenceId,
      model: 'rain',
      version: 'v1',
      tenant: 'acme',
      residency: 'eu',
      answeredAt: clock.wallMs(),
      predictions: [0.7],
      ...more,
    });
  const take = (record: unknown, tenant = 'acme', models?: ReadonlySet<string>) =>
    feedback.take(record, { tenant, ...(models && { models }) }).then(({ result }) => result);
  t.teardown(() => book.stop());
  return { clock, book, joined, captured, feedback, answered, take };
}

test('an answer is joined with its truth once, and the same again changes nothing', async t => {
  const { answered, take, joined, captured } = await bench(t);
  answered('a');
  answered('week', { predictions: [0.1, 0.9, 0.5] });
  t.equal(await take({ inferenceId: 'a', truth: 1 }), 'joined');
  t.equal(await take({ inferenceId: 'a', truth: 1 }), 'duplicate');
  t.equal(await take({ inferenceId: 'a', truth: 0 }), 'conflict', 'the first stands');
  t.equal(await take({ inferenceId: 'week', truth: [true, null, 'no'] }), 'joined');
  t.strictSame(joined, [
    { model: 'rain', version: 'v1', inferenceId: 'a', predicted: 0.7, truth: 1 },
    { model: 'rain', version: 'v1', inferenceId: 'week', predicted: 0.1, truth: 1 },
    { model: 'rain', version: 'v1', inferenceId: 'week', predicted: 0.5, truth: 'no' },
  ]);
  t.strictSame(
    captured,
    [
      ['a', 'eu', [1]],
      ['week', 'eu', [1, null, 'no']],
    ],
    'and kept once, where the call was',
  );
});

test('the first truth of a call that was part of a canary tells where it stood, also after a restart', async t => {
  const directory = stateDir(t);
  const drawn = { arm: { canary: 'v2', side: 'stable', share: 0.05 }, region: 'eu-west-1', answeredAtMs: 5 } as const;
  const before = await bench(t, { directory });
  before.answered('week', { predictions: [0.1, 0.9], drawn });
  await before.book.stop();
  const { take, joined } = await bench(t, { directory });
  t.equal(await take({ inferenceId: 'week', truth: [1, 0] }), 'joined');
  t.strictSame(
    joined.map(each => each.drawn),
    [drawn, undefined],
    'those of one call are alike, and one counts',
  );
});

test('of many that bring the same truth at once, one joins', async t => {
  const { answered, take, joined } = await bench(t);
  answered('a');
  const results = await Promise.all(Array.from({ length: 20 }, () => take({ inferenceId: 'a', truth: 1 })));
  t.equal(results.filter(result => result === 'joined').length, 1);
  t.equal(results.filter(result => result === 'duplicate').length, 19);
  t.equal(joined.length, 1);
});

test('forged, foreign, late and malformed truths join nothing', async t => {
  const { answered, take, joined, clock, feedback } = await bench(t);
  answered('a');
  t.equal(await take({ inferenceId: 'b', truth: 1 }), 'unknown');
  t.equal(await take({ inferenceId: 'a', truth: 1 }, 'evil'), 'unknown', 'of another tenant: not even that it exists');
  t.equal(await take({ inferenceId: 'a', truth: 1 }, 'acme', new Set(['other'])), 'not-yours');
  for (const record of [
    null,
    1,
    {},
    { inferenceId: 'a' },
    { inferenceId: 'a', truth: {} },
    { inferenceId: 'a', truth: [] },
  ])
    t.equal(await take(record), 'invalid');
  t.equal(await take({ inferenceId: 'x'.repeat(65), truth: 1 }), 'invalid');
  t.match(await feedback.take({ inferenceId: 'a', truth: [1, 0] }, { tenant: 'acme' }), {
    result: 'invalid',
    detail: /1 predictions, and this is 2/,
  });
  clock.hold(24 * hour + 1);
  t.equal(await take({ inferenceId: 'a', truth: 1 }), 'expired');
  answered('later');
  clock.hold(23 * hour);
  t.equal(await take({ inferenceId: 'later', truth: 1 }), 'joined', 'hours late');
  clock.hold(3 * hour);
  t.equal(await take({ inferenceId: 'a', truth: 1 }), 'unknown', 'forgotten in the end');
  t.equal(joined.length, 1);
});

test('a list that tells nothing leaves the answer to a truth that does', async t => {
  const { answered, take, joined } = await bench(t);
  answered('a', { predictions: [0.7, 0.2] });
  for (const truth of [[], [null, null], [1, {}]]) t.equal(await take({ inferenceId: 'a', truth }), 'invalid');
  t.equal(await take({ inferenceId: 'a', truth: [1, null] }), 'joined');
  t.equal(joined.length, 1);
});

test('ids of any characters are a tenant’s own', async t => {
  const { answered, take } = await bench(t);
  const ids = ['a b', 'ü', '💧', '\u0000x', '__proto__', 'constructor', '../../etc', 'a"b', '%00', 'x'.repeat(64)];
  for (const id of ids) answered(id);
  for (const inferenceId of ids) {
    t.equal(await take({ inferenceId, truth: 1 }, 'other'), 'unknown');
    t.equal(await take({ inferenceId, truth: 1 }), 'joined');
  }
});

test('a tenant cannot take over another’s inference id', async t => {
  const { answered, take, joined } = await bench(t);
  answered('shared', { predictions: [0.2] });
  answered('shared', { tenant: 'evil', predictions: [0.9] });
  t.equal(await take({ inferenceId: 'shared', truth: 0 }), 'joined');
  t.equal(joined[0]?.predicted, 0.2);
});

test('an inference id that is used again: the same answer is one call, another one makes the truth nobody’s', async t => {
  const { answered, take, joined, feedback } = await bench(t);
  answered('retried');
  t.equal(await take({ inferenceId: 'retried', truth: 1 }), 'joined');
  answered('retried');
  t.equal(await take({ inferenceId: 'retried', truth: 1 }), 'duplicate', 'counted once');
  for (const [id, more] of Object.entries({ constant: { predictions: [0.2] }, both: { model: 'snow' } })) {
    answered(id);
    answered(id, more);
    t.match(await feedback.take({ inferenceId: id, truth: 1 }, { tenant: 'acme' }), {
      result: 'conflict',
      detail: /several answers/,
    });
  }
  answered('late');
  await take({ inferenceId: 'late', truth: 1 });
  answered('late', { predictions: [0.1] });
  t.equal(await take({ inferenceId: 'late', truth: 0 }), 'conflict');
  t.equal(joined.length, 2);
});

test('that an id was used twice outlives a restart', async t => {
  const clock = manualClock();
  const directory = stateDir(t);
  const before = await bench(t, { clock, directory });
  before.answered('x');
  before.answered('x', { version: 'v2', predictions: [0.1] });
  await before.book.stop();
  const after = await bench(t, { clock, directory });
  t.equal(await after.take({ inferenceId: 'x', truth: 1 }), 'conflict');
});

test('truths of any length are not kept', async t => {
  const { answered, take, joined } = await bench(t);
  answered('a', { predictions: ['cat'] });
  t.equal(await take({ inferenceId: 'a', truth: 'x'.repeat(1_000_000) }), 'invalid');
  t.equal(await take({ inferenceId: 'a', truth: ['x'.repeat(20_000)] }), 'invalid');
  t.equal(await take({ inferenceId: 'a', truth: 'cat' }), 'joined');
  t.equal(joined.length, 1);
});

test('answers of many predictions count as several, so memory is bounded by what is in them', async t => {
  const { answered, book } = await bench(t, { maxPredictions: 40 });
  for (let i = 0; i < 100; i++) answered(`${i}`, { predictions: Array.from({ length: 1_000 }, (_, at) => at / 7) });
  t.equal(book.size, 5);
  for (let i = 0; i < 100; i++) answered(`small ${i}`);
  t.equal(book.size, 40);
});

test('ground-truth records of SageMaker’s Model Monitor', async t => {
  const { answered, take, joined } = await bench(t);
  const record = (data: string, eventId: string) => ({
    groundTruthData: { data, encoding: 'CSV' },
    eventMetadata: { eventId },
    eventVersion: '0',
  });
  answered('a');
  answered('b', { predictions: ['cat', 'dog'] });
  t.equal(await take(record('1', 'a')), 'joined');
  t.equal(await take(record('cat,cat', 'b')), 'joined');
  t.strictSame(
    joined.map(({ truth }) => truth),
    [1, 'cat', 'cat'],
  );
});

test('memory is bounded: the oldest go', async t => {
  const { answered, take, book } = await bench(t, { maxPredictions: 10 });
  for (let i = 0; i < 25; i++) answered(`${i}`);
  t.equal(book.size, 10);
  t.equal(await take({ inferenceId: '14', truth: 1 }), 'unknown');
  t.equal(await take({ inferenceId: '15', truth: 1 }), 'joined');
});

test('answers and what they were joined with survive a restart', async t => {
  const clock = manualClock();
  const directory = stateDir(t);
  const before = await bench(t, { clock, directory });
  before.answered('a');
  before.answered('b');
  await before.take({ inferenceId: 'a', truth: 1 });
  await before.book.stop();
  const after = await bench(t, { clock, directory });
  t.equal(await after.take({ inferenceId: 'a', truth: 1 }), 'duplicate');
  t.equal(await after.take({ inferenceId: 'b', truth: 1 }), 'joined');
});

test('disk is bounded too, and holds what memory does', async t => {
  const clock = manualClock();
  const directory = stateDir(t);
  const before = await bench(t, { clock, directory, maxPredictions: 3_000 });
  for (let i = 0; i < 40_000; i++) {
    before.answered(`${i}`);
    if (i % 500 === 499) {
      clock.advance(500);
      await new Promise(resolve => setImmediate(resolve));
    }
  }
  await before.book.stop();
  t.ok(readdirSync(directory).length <= 10);
  const after = await bench(t, { clock, directory, maxPredictions: 3_000 });
  t.equal(after.book.size, 3_000);
  t.equal(await after.take({ inferenceId: '37000', truth: 1 }), 'joined');
  t.equal(await after.take({ inferenceId: '36999', truth: 1 }), 'unknown');
  await after.book.stop();
  clock.hold(72 * hour);
  const later = await bench(t, { clock, directory, maxPredictions: 3_000 });
  later.answered('new');
  await later.book.stop();
  t.equal(readdirSync(directory).length, 2, 'what is too old goes, when a new day’s file is begun');
});

test('a file goes when its time is up, though no other answer comes', async t => {
  const directory = stateDir(t);
  const clock = manualClock();
  const before = await bench(t, { clock, directory });
  before.answered('last');
  await before.book.stop();
  t.equal(readdirSync(directory).length, 1);
  clock.hold(49 * hour);
  const after = await bench(t, { clock, directory });
  clock.advance(hour);
  await after.book.stop();
  t.strictSame(readdirSync(directory), []);
});

test('what is deleted is gone from memory and disk', async t => {
  const clock = manualClock();
  const directory = stateDir(t);
  const { answered, take, book } = await bench(t, { clock, directory });
  answered('a');
  answered('b');
  answered('b', { tenant: 'other' });
  t.equal(await book.forget({ inferenceId: 'b' }), 2);
  t.equal(await book.forget({ tenant: 'other' }), 0);
  t.equal(await take({ inferenceId: 'b', truth: 1 }), 'unknown');
  await book.stop();
  const after = await bench(t, { clock, directory });
  t.equal(after.book.size, 1);
});

test('an answer of one replica is joined at another, once in all; alone while Redis is away', async t => {
  const redis = await startRedis(t);
  const { link } = redisLink(t, redis.url);
  await new Promise<void>(resolve => (link.up ? resolve() : void link.cache.onUp(() => resolve())));
  const clock = manualClock();
  const [a, b] = [await bench(t, { clock, shared: link.entries }), await bench(t, { clock, shared: link.entries })];
  a.answered('x');
  a.answered('y');
  a.answered('own');
  await a.book.stop(); // hands over what waits
  const results = await Promise.all([b, b, a, a].map(replica => replica.take({ inferenceId: 'x', truth: 1 })));
  t.equal(results.filter(result => result === 'joined').length, 1);
  t.equal(a.joined.length + b.joined.length, 1);
  t.equal(await b.take({ inferenceId: 'x', truth: 0 }), 'conflict');
  b.answered('y', { predictions: [0.1] });
  b.answered('z');
  await b.book.stop();
  t.equal(await a.take({ inferenceId: 'y', truth: 1 }), 'conflict', 'used again, at another replica');
  t.equal(await b.take({ inferenceId: 'z', truth: 1 }), 'joined');
  await a.book.forget({ inferenceId: 'x' });
  t.equal(await b.take({ inferenceId: 'x', truth: 0 }), 'unknown', 'deleted for all');
  await b.book.forget({ inferenceId: 'z' });
  const keys = await new Promise<string>((resolve, reject) => {
    execFile('redis-cli', ['-u', redis.url, '--scan'], (error, out) => (error === null ? resolve(out) : reject(error)));
  });
  t.notMatch(keys, ':truth', 'what was told of it, too');
  await redis.kill();
  t.equal(await a.take({ inferenceId: 'own', truth: 1 }), 'joined');
  t.equal(await b.take({ inferenceId: 'own', truth: 1 }), 'unknown');
});

test('a truth that was joined while Redis was away is not joined again at another replica', async t => {
  const entries = new Map<string, string>();
  let away = false;
  const answering = <T>(value: () => T) => (away ? Promise.reject(new Error('away')) : Promise.resolve(value()));
  const shared: SharedEntries = {
    put: batch =>
      answering(() => {
        for (const [key, text] of batch) entries.set(key, text);
      }),
    get: key => answering(() => entries.get(key)),
    claim: (key, text) => answering(() => entries.set(key, entries.get(key) ?? text).get(key) ?? text),
    delete: key => answering(() => void entries.delete(key)),
  };
  const clock = manualClock();
  const [a, b] = [await bench(t, { clock, shared }), await bench(t, { clock, shared })];
  const settled = () => new Promise(resolve => setImmediate(resolve));
  a.answered('x');
  clock.advance(1_000);
  await settled();
  away = true;
  t.equal(await a.take({ inferenceId: 'x', truth: 1 }), 'joined');
  clock.advance(1_000);
  await settled();
  away = false;
  clock.advance(1_000);
  await settled();
  t.equal(await b.take({ inferenceId: 'x', truth: 1 }), 'duplicate');
  t.equal(a.joined.length + b.joined.length, 1);
});
