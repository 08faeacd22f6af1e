import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Test } from 'tap';
import { test } from 'tap';
import { Value } from 'typebox/value';
import { seededRandom } from '../../src/core/random.ts';
import type { Memory } from '../../src/core/result.ts';
import type { Target } from '../../src/core/target.ts';
import { startCapture } from '../../src/drift/capture.ts';
import { type CaptureFiles, directoryFiles, objectFiles } from '../../src/drift/capture-files.ts';
import { captureKeys } from '../../src/drift/capture-keys.ts';
import { CaptureStoreOptions } from '../../src/drift/capture-options.ts';
import { capturePath, placeOf, tenantTag } from '../../src/drift/capture-path.ts';
import { totals } from '../../src/drift/totals.ts';
import { monitoredModel, monitorOptions } from '../helpers/drift.ts';
import { type ManualClock, manualClock } from '../helpers/manual-clock.ts';
import { stateDir } from '../helpers/state-dir.ts';

const hour = 3_600_000;
const encryption = { encryptionKey: 'the key of a destination', formerEncryptionKeys: [] };

interface Options {
  readonly payload?: object;
  readonly capture?: object;
  readonly store?: object;
  readonly encryption?: unknown;
  readonly files?: CaptureFiles;
  readonly memory?: Memory;
}

function bench(
  t: Test,
  { payload = {}, capture = {}, store = {}, encryption: sealed = 'none', files, memory }: Options = {},
) {
  const clock: ManualClock = manualClock();
  const root = stateDir(t);
  const options = Value.Default(CaptureStoreOptions, {
    destinations: { eu: { directory: root, encryption: sealed, retentionDays: 2 } },
    ...store,
  }) as CaptureStoreOptions;
  const monitor = monitorOptions({ capture, payload });
  const model = monitoredModel(monitor, ['v1']);
  const counted = totals();
  const started = startCapture({
    clock,
    random: seededRandom(1),
    memory: memory ?? { tryTake: () => true, give: () => {} },
    options,
    replica: 'aa11bb22',
    model: name => (name === 'rain' ? model : undefined),
    filesOf: () => files ?? directoryFiles(root),
    counted,
    warn: message => t.comment(message),
  });
  t.teardown(() => started.stop());
  const call = (
    body: string | Buffer,
    more: { contentType?: string; id?: string; tenant?: string; answer?: string; attributes?: string } = {},
  ) => {
    const {
      contentType = 'application/json',
      id,
      tenant = 'acme',
      answer: text = '{"predictions":[0.5]}',
      attributes,
    } = more;
    const answer = { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(text) };
    const target = { residency: 'eu', version: 'v1' } as Target;
    started.hear({
      type: 'version-called',
      model: 'rain',
      version: 'v1',
      outcome: 'ok',
      arm: undefined,
      request: {
        id: 'request-id',
        model: 'rain',
        operation: 'invoke',
        body: Buffer.from(body),
        fields: { contentType, ...(id !== undefined && { inferenceId: id }), customAttributes: attributes },
        caller: { tenant },
      } as never,
      attempts: [{ target, result: { outcome: 'ok', answer, sent: true, durationMs: 1 }, reason: 'first' }],
      answer,
    });
  };
  const names = () => readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.jsonl'));
  const lines = () => names().flatMap(name => readFileSync(join(root, name), 'utf8').trim().split('\n'));
  const count = (result: string) => counted.all().find(({ labels }) => labels['result'] === result)?.value ?? 0;
  return { clock, root, started, call, names, lines, count, options };
}

test('a record is SageMaker’s, its encoding by content type', async t => {
  const { started, call, lines } = bench(t, { capture: { csvContentTypes: ['text/csv'] } });
  call('{"instances":[{"x":1}]}', { id: 'mine' });
  call('1,2\n', { contentType: 'text/csv; charset=utf-8' });
  call(Buffer.from([0xff, 0x00]), { contentType: 'application/x-npy' });
  call(Buffer.from([0xff, 0x00]));
  await started.flush();
  const records = lines().map(line => JSON.parse(line));
  t.strictSame(
    { ...records[0], eventMetadata: { ...records[0].eventMetadata, eventId: 'uuid' } },
    {
      captureData: {
        endpointInput: {
          observedContentType: 'application/json',
          mode: 'INPUT',
          data: '{"instances":[{"x":1}]}',
          encoding: 'JSON',
        },
        endpointOutput: {
          observedContentType: 'application/json',
          mode: 'OUTPUT',
          data: '{"predictions":[0.5]}',
          encoding: 'JSON',
        },
      },
      eventMetadata: { eventId: 'uuid', inferenceId: 'mine', inferenceTime: '2025-10-20T06:48:00Z' },
      eventVersion: '0',
    },
  );
  t.match(records[0].eventMetadata.eventId, /^[0-9a-f-]{36}$/);
  const inputs = records.map(({ captureData }) => captureData.endpointInput);
  t.match(inputs[1], { data: '1,2\n', encoding: 'CSV', observedContentType: 'text/csv; charset=utf-8' });
  t.match(inputs[2], { data: '/wA=', encoding: 'BASE64' });
  t.match(inputs[3], { encoding: 'BASE64' }, 'not UTF-8, whatever it says it is');
});

test('files begin anew every hour and when they are full, one for each tenant; old ones go', async t => {
  const { clock, started, call, names, root } = bench(t, { store: { maxFileBytes: 1_100 } });
  for (const tenant of ['a', 'b']) call('{"instances":[]}', { tenant });
  await started.flush();
  t.equal(names().length, 2);
  for (let i = 0; i < 3; i++) call('{"instances":[]}', { tenant: 'a' });
  await started.flush();
  t.equal(names().length, 4, 'two records fit in one file');
  clock.hold(hour);
  call('{"instances":[]}', { tenant: 'a' });
  await started.flush();
  t.ok(names().some(name => name.startsWith('rain/v1/2025/10/20/07/')));
  const foreign = join(root, 'notes', 'mine.jsonl');
  mkdirSync(dirname(foreign));
  writeFileSync(foreign, 'not captured');
  clock.hold(48 * hour); // which also runs what is due every hour
  await started.expire();
  t.equal(names().length, 2, 'the last hour is not two days old as a whole');
  clock.hold(hour);
  await started.expire();
  t.strictSame(names(), ['notes/mine.jsonl'], 'what is not ours stays');
  t.strictSame(readdirSync(root), ['notes'], 'with the empty folders');
});

test('a restart goes on in the hour it is, and what was called in the last one stands there', async t => {
  const root = stateDir(t);
  const before = bench(t, { files: directoryFiles(root) });
  before.clock.hold(12 * 60_000 - 1_000); // 06:59:59
  before.call('{"instances":[]}', { id: 'one' });
  before.clock.hold(2_000); // it waits over the hour
  await before.started.stop();
  const after = bench(t, { files: directoryFiles(root) });
  after.clock.hold(12 * 60_000 + 1_000);
  after.call('{"instances":[]}', { id: 'two' });
  await after.started.flush();
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.jsonl'));
  t.strictSame(names.map(name => name.split('/')[5]).sort(), ['06', '07']);
  t.equal(
    await after.started.remove({ tenant: undefined, inferenceId: 'one' }, () => true),
    1,
    'also by its successor',
  );
});

test('sealed lines tell nothing, open under the destination’s keys only, and cannot be changed', async t => {
  const { started, call, lines, options } = bench(t, { encryption });
  call('{"instances":[{"x":4242}]}', { id: 'mine' });
  await started.flush();
  const [line = ''] = lines();
  t.notMatch(line, /4242|mine|acme/);
  t.match(captureKeys(options).open(line), /"inferenceId":"mine"/);
  const withKeys = (eu: unknown) =>
    captureKeys({ ...options, destinations: { eu: { encryption: eu, retentionDays: 1 } } } as never);
  const other = { encryptionKey: 'another key of 16 or more', formerEncryptionKeys: [] };
  t.throws(() => withKeys(other).open(line), /no key of the destination eu/);
  t.match(withKeys({ ...other, formerEncryptionKeys: [encryption.encryptionKey] }).open(line), /mine/, 'a former key');
  t.throws(() => captureKeys(options).open(line.replace('"sealedFor":"eu"', '"sealedFor":"us"')));
  const envelope = JSON.parse(line);
  const bytes = Buffer.from(envelope.sealed, 'base64');
  bytes[40] = (bytes[40] ?? 0) ^ 1;
  t.throws(() => captureKeys(options).open(JSON.stringify({ ...envelope, sealed: bytes.toString('base64') })));
  t.equal(captureKeys(undefined).open('{"plain":1}'), '{"plain":1}');
});

test('with an allow-list nothing else of a call is kept, and what cannot be read is not', async t => {
  const { started, call, lines, count } = bench(t, { capture: { features: ['x', 'a.b'] } });
  call('{"instances":[{"x":1,"name":"Ann","a":{"b":2,"c":"secret"}}],"user":"Ann"}', {
    answer: '{"predictions":[0.5],"echo":"Ann"}',
  });
  call('{"who":"Ann"}');
  call('Ann', { contentType: 'text/plain' });
  await started.flush();
  t.equal(count('unredactable'), 2);
  const [record] = lines().map(line => JSON.parse(line));
  t.equal(record.captureData.endpointInput.data, '{"instances":[{"x":1,"a.b":2}]}');
  t.equal(record.captureData.endpointOutput.data, '{"predictions":[0.5]}');
  t.notMatch(lines().join(), /Ann|secret/);
});

test('nothing that is not listed slips through, however the payload is made', async t => {
  const listed = { features: ['x', '__proto__', 'a.b'] };
  const bodies: readonly (readonly [string, string])[] = [
    ['application/json', '{"instances":[{"x":1,"x2":"Ann"}],"instances":[{"x":2,"name":"Ann"}]}'],
    ['application/json', '{"instances":[{"x":1,"\\u006eame":"Ann","__proto__":{"name":"Ann"},"constructor":"Ann"}]}'],
    ['application/json', '{"instances":[{"x":{"deep":"Ann"},"a":{"b":["Ann"],"b.c":"Ann"},"a.":"Ann","":"Ann"}]}'],
    ['application/json', '{"instances":[{"x":1}],"__proto__":{"instances":[{"x":"Ann"}]},"Ann":"Ann"}'],
    ['application/jsonlines', '{"x":1,"name":"Ann"}\n{"Ann":1}\n'],
    ['text/csv', 'x,name\n1,Ann\n2,"Ann, ""Ann"""\n'],
    ['text/csv', 'x,name\nAnn\n'],
    ['text/csv', 'name,x\nSmith, Ann,3\n'],
    ['text/csv', 'name,x\n"Smith,3\n4,Ann'],
    ['application/json; Ann', '{"instances":[{"x":1'],
    ['application/Ann', 'Ann'],
  ];
  for (const [contentType, body] of bodies) {
    const { started, call, lines, count } = bench(t, { capture: listed });
    const answer = '{"predictions":[0.5],"predictions":[0.7],"error":"Ann is no number","x":"Ann"}';
    call(body, { contentType, answer, attributes: 'user=Ann' });
    await started.flush();
    t.equal(count('written') + count('unredactable'), 1, body);
    if (count('written') > 0) t.notMatch(lines().join(), /Ann/, body);
  }
});

test('columns without names of their own: a row of another length is not guessed at', async t => {
  const payload = { columns: ['age', 'name', 'x'] };
  for (const [contentType, whole, shifted] of [
    ['text/csv', '34,Ann,7\n', '34,Smith, Ann,7\n'],
    ['application/json', '{"instances":[[34,"Ann",7]]}', '{"instances":[[34,"Smith","Ann",7]]}'],
    ['application/json', '{"instances":[[34,"Ann",7]]}', '{"instances":["Ann"]}'],
  ] as const) {
    const { started, call, lines, count } = bench(t, { capture: { features: ['age', 'x'] }, payload });
    call(whole, { contentType });
    call(shifted, { contentType });
    await started.flush();
    t.strictSame([count('written'), count('unredactable')], [1, 1], shifted);
    t.notMatch(lines().join(), /Ann|Smith/, shifted);
  }
});

test('sampled, bounded in bytes, and every loss is counted', async t => {
  const sampled = bench(t, { capture: { sampleRate: 0.25, maxBodyBytes: 100 } });
  for (let i = 0; i < 200; i++) sampled.call('{"instances":[]}');
  sampled.call('x'.repeat(101));
  await sampled.started.flush();
  t.ok(sampled.count('written') > 25 && sampled.count('written') < 75);
  t.equal(sampled.count('written') + sampled.count('sampled-out') + sampled.count('too-large'), 201);
  const full = bench(t, { store: { maxQueuedBytes: 2_000 } });
  for (let i = 0; i < 100; i++) full.call('{"instances":[]}');
  full.clock.advance(50);
  for (let i = 0; i < 100; i++) full.call('{"instances":[]}');
  await full.started.flush();
  t.ok(full.count('dropped') > 150);
  t.equal(full.count('dropped') + full.count('written'), 200);
  const failing: CaptureFiles = { ...directoryFiles('/nowhere'), append: () => Promise.reject(new Error('disk full')) };
  const broken = bench(t, { files: failing });
  broken.call('{"instances":[]}');
  await broken.started.flush();
  t.equal(broken.count('failed'), 1);
});

test('a disk that is full takes whole records or nothing, and capture goes on when there is room again', async t => {
  const root = stateDir(t);
  const disk = directoryFiles(root);
  let room = true;
  const files: CaptureFiles = {
    ...disk,
    // As a disk does that fills up in the middle of a write.
    append: (path, text) => disk.append(path, room ? text : unwritable(text)),
  };
  const { started, call, count } = bench(t, { files });
  const write = async (id: string, has: boolean) => {
    room = has;
    call('{"instances":[]}', { id });
    await started.flush();
  };
  await write('one', true);
  await write('two', false);
  await write('three', true);
  t.strictSame([count('written'), count('failed')], [2, 1]);
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(name => name.includes('.'));
  const kept = names.flatMap(name => readFileSync(join(root, name), 'utf8').trim().split('\n'));
  t.strictSame(
    kept.map(line => JSON.parse(line).eventMetadata.inferenceId),
    ['one', 'three'],
  );
  t.equal(await started.remove({ tenant: undefined, inferenceId: 'three' }, () => true), 1, 'and each can be removed');
});

/** A text that ends in an error half-way, as `appendFile` sees a full disk. */
function unwritable(text: string): string {
  return Object.assign(
    (async function* () {
      yield text.slice(0, text.length / 2);
      throw new Error('ENOSPC: no space left on device');
    })(),
    {},
  ) as unknown as string;
}

test('a bucket that does not answer holds up nothing but itself: its queue is bounded, what comes is dropped', async t => {
  let held = 0;
  let asked = 0;
  const { promise, reject } = Promise.withResolvers<void>();
  const files: CaptureFiles = {
    ...directoryFiles('/nowhere'),
    appends: false,
    list: async function* () {},
    append: () => {
      asked += 1;
      return promise;
    },
  };
  let most = 0;
  const memory: Memory = {
    tryTake: bytes => {
      held += bytes;
      most = Math.max(most, held);
      return true;
    },
    give: bytes => {
      held -= bytes;
    },
  };
  const { started, call, count, clock } = bench(t, { files, memory, store: { maxQueuedBytes: 4_000 } });
  for (let i = 0; i < 500; i++) {
    call('{"instances":[]}');
    clock.advance(70_000); // past every flush
    for (let step = 0; step < 20; step++) await Promise.resolve();
  }
  t.ok(most <= 8_000, 'what waits to be read, and what waits to be written');
  t.equal(asked, 1, 'it is not asked again while it is silent');
  t.ok(count('dropped') > 480);
  reject(new Error('timed out'));
  await started.flush();
  t.equal(held, 0, 'all memory is given back');
  t.equal(count('dropped') + count('failed'), 500);
});

test('records are removed by tenant and by inference id, those still waiting included', async t => {
  for (const sealed of ['none', encryption]) {
    const { started, call, lines, names } = bench(t, { encryption: sealed });
    call('{"instances":[]}', { id: 'one' });
    call('{"instances":[]}', { id: 'two' });
    call('{"instances":[]}', { id: 'one', tenant: 'other' });
    await started.flush();
    call('{"instances":[]}', { id: 'one' });
    t.equal(await started.remove({ tenant: undefined, inferenceId: 'one' }, () => true), 3);
    t.equal(lines().length, 1);
    call('{"instances":[]}', { id: 'three' });
    await started.flush();
    t.equal(
      await started.remove({ tenant: tenantTag('acme'), inferenceId: undefined }, () => false),
      0,
      'another’s to change',
    );
    t.equal(await started.remove({ tenant: tenantTag('acme'), inferenceId: undefined }, () => true), 2);
    t.strictSame(names(), []);
    call('{"instances":[]}', { id: 'four' });
    await started.flush();
    t.equal(lines().length, 1, 'capture goes on');
  }
});

test('a bucket gets an object for each write', async t => {
  const objects = new Map<string, Buffer>();
  const files = objectFiles(
    {
      put: async (key, bytes) => void objects.set(key, bytes),
      get: async key => objects.get(key),
      delete: async key => void objects.delete(key),
      keys: async function* (prefix) {
        yield [...objects.keys()].filter(key => key.startsWith(prefix));
      },
    },
    'captures/',
  );
  const { started, call } = bench(t, { files });
  call('{"instances":[]}', { id: 'one' });
  call('{"instances":[]}', { id: 'two' });
  await started.flush();
  call('{"instances":[]}', { id: 'three' });
  await started.flush();
  t.equal(objects.size, 2);
  t.ok([...objects.keys()].every(key => placeOf(key.slice('captures/'.length))?.replica === 'aa11bb22'));
  t.equal(await started.remove({ tenant: undefined, inferenceId: 'two' }, () => true), 1);
  t.equal([...objects.values()].join('').match(/inferenceId/g)?.length, 2);
});

test('paths say what they are of', async t => {
  const place = {
    model: 'rain',
    version: 'v1',
    hourMs: Date.UTC(2025, 0, 2, 3),
    replica: 'ab12',
    tenant: tenantTag('acme'),
  };
  const path = capturePath(place, place.hourMs + 61_000, 7);
  t.equal(path, `rain/v1/2025/01/02/03/0101-ab12-${tenantTag('acme')}-7.jsonl`);
  t.strictSame(placeOf(path), place);
  t.equal(placeOf('rain/v1/2025/01/02/03/31-48-uuid.jsonl'), undefined, 'SageMaker’s own');
});
