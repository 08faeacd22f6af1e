import { setImmediate } from 'node:timers/promises';
import { test } from 'tap';
import type { GatewayEvent } from '../../src/core/events.ts';
import type { InferenceRequest } from '../../src/core/request.ts';
import type { Attempt } from '../../src/core/result.ts';
import { createShadow } from '../../src/rollout/shadow.ts';
import { createAdmission } from '../../src/security/admission.ts';
import { requestOf } from '../helpers/backend-fixtures.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { modelOf, targetOf, versionOf } from '../helpers/routing-fixtures.ts';

const target = targetOf();
const answer = { status: 200, headers: {}, body: Buffer.from('[1]') };
const ok: Attempt = { target, reason: 'first', result: { outcome: 'ok', answer, sent: true, durationMs: 5 } };

/** A model whose `v2` gets every call; the test answers the copies. */
function bench({ maxBytes = 1_000_000, maxConcurrency = 2, queue = 3 } = {}) {
  const clock = manualClock();
  const shadow = { ...modelOf([]).shadow, version: 'v2', share: 1, maxConcurrency, queue, timeoutMs: 1_000 };
  const models = new Map([
    ['rain', modelOf([versionOf([target]), versionOf([targetOf({ version: 'v2' })])], { shadow })],
  ]);
  const memory = createAdmission(maxBytes);
  const dice = { next: 0 };
  const events: GatewayEvent[] = [];
  const calls: { request: InferenceRequest; timeoutMs: number; answer(made: Attempt | undefined): void }[] = [];
  const mirroring = createShadow({
    clock,
    memory,
    emit: event => events.push(event),
    random: () => dice.next,
    models: () => models,
    background: work => void work(),
    predictionsOf: (_, { body }) => JSON.parse(String(body)) as number[],
    call: (_model, _version, request, _near, timeoutMs) =>
      new Promise(resolve => calls.push({ request, timeoutMs, answer: resolve })),
  });
  const request = requestOf('x'.repeat(100));
  const called = (some: Partial<Extract<GatewayEvent, { type: 'version-called' }>> = {}) =>
    mirroring.hear({
      type: 'version-called',
      model: 'rain',
      version: 'v1',
      outcome: 'ok',
      arm: undefined,
      request,
      attempts: [ok],
      answer,
      ...some,
    });
  const pass = async (ms = 0) => {
    clock.advance(ms);
    await setImmediate();
  };
  const seen = () => {
    const [view] = mirroring.view();
    if (view === undefined) throw new Error('no lane');
    return view;
  };
  return { clock, memory, dice, events, calls, mirroring, called, pass, seen, models, request };
}

test('copies wait, so many and so long; then they are dropped, and no byte is kept', async t => {
  const { calls, called, pass, seen, memory } = bench();
  for (let call = 0; call < 10; call += 1) called();
  t.equal(calls.length, 0, 'nothing is sent while the caller’s answer is on its way');
  await pass();
  t.match(seen(), { underWay: 2, waiting: 3, mirrored: 10 });
  t.equal(seen().dropped['queue-full'], 5);
  t.equal(memory.heldBytes, 5 * 103);
  await pass(400);
  calls[0]?.answer({ ...ok });
  await pass();
  t.equal(calls.length, 3);
  t.equal(calls[2]?.timeoutMs, 600, 'what is left of the time');
  await pass(200);
  for (const call of calls) call.answer({ ...ok, result: { outcome: 'timeout', sent: true, durationMs: 600 } });
  await pass();
  t.match(seen(), { underWay: 0, waiting: 0, compared: 1 });
  t.equal(seen().dropped.timeout, 4, 'two that hung, and two that waited over half of the time');
  t.equal(memory.heldBytes, 0);
});

test('a flood far above what the shadow can do holds no more than its queue, and every copy is accounted for', async t => {
  const { calls, called, pass, seen, memory, events } = bench();
  const most = 5 * 103;
  let sent = 0;
  for (let second = 0; second < 200; second += 1) {
    for (let call = 0; call < 50; call += 1) called();
    if (memory.heldBytes > most || calls.length - sent > 2) t.fail('held, or under way, beyond its bounds');
    await pass(100);
    for (; sent < calls.length - 1; sent += 1) calls[sent]?.answer({ ...ok }); // the last one hangs
  }
  for (; sent < calls.length; sent += 1) calls[sent]?.answer(undefined);
  await pass(1_000);
  for (; sent < calls.length; sent += 1) calls[sent]?.answer(undefined);
  await pass();
  const { mirrored, compared, dropped, waiting, underWay } = seen();
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  t.equal(mirrored, 10_000);
  t.equal(compared + lost, mirrored);
  t.equal(events.length, mirrored, 'each told once');
  t.strictSame([waiting, underWay, memory.heldBytes], [0, 0, 0]);
  t.ok(dropped['queue-full'] > 9_000);
});

test('copies give way to callers where memory is short', async t => {
  const { called, pass, seen, memory } = bench({ maxBytes: 1_000 });
  memory.take(850);
  called();
  await pass();
  t.equal(seen().dropped.memory, 1);
  t.equal(memory.heldBytes, 850);
});

test('a copy is the same question in another’s name', async t => {
  const { calls, called, pass, clock, request } = bench();
  const caller = { tenant: 'acme', keyId: 'k', priority: 'critical' as const, residency: new Set(['eu']) };
  const hints = { ...request.hints, session: 's', timeoutMs: 50, residency: 'eu', region: { pin: 'eu-west-1' } };
  called({ request: { ...request, caller, hints, invocationId: 'i', traceparent: '00-1', clientAttempt: 3 } });
  await pass();
  const { signal: _, ...copy } = calls[0]?.request ?? request;
  t.strictSame(copy, {
    ...(({ signal: __, ...same }) => same)(request),
    caller: { ...caller, priority: 'sheddable' },
    hints: { residency: 'eu', region: { pin: 'eu-west-1' }, fallback: 'none', cache: { noCache: true, noStore: true } },
    streaming: false,
    arrivedAt: clock.now(),
  });
});

test('only calls that are safe to repeat and can be compared are mirrored', async t => {
  const { called, pass, calls, models, request } = bench();
  called({ outcome: 'moved' });
  called({ outcome: 'caller-fault' });
  called({ answer: undefined });
  called({ version: 'v2' });
  called({ request: { ...request, streaming: true } });
  called({ request: { ...request, queued: {} } });
  called({ request: { ...request, fields: { sessionId: 'NEW_SESSION' } } });
  called({ request: { ...request, hints: { ...request.hints, version: 'v1' } } });
  const model = models.get('rain');
  if (model !== undefined) models.set('rain', { ...model, idempotent: false });
  called();
  await pass();
  t.equal(calls.length, 0);
});

test('the share is that of the config or of who asks for more, and ends with it', async t => {
  const { dice, called, pass, calls, mirroring, models, seen } = bench({ queue: 100 });
  const model = models.get('rain');
  if (model !== undefined) models.set('rain', { ...model, shadow: { ...model.shadow, share: 0.1 } });
  dice.next = 0.3;
  called();
  await pass();
  t.equal(calls.length, 0);
  const stage = mirroring.mirror('rain', 'v2', 0.5);
  called();
  await pass();
  t.equal(calls.length, 1);
  t.equal(seen().share, 0.5);
  stage.stop();
  called();
  await pass();
  t.equal(calls.length, 1);
  t.equal(seen().share, 0.1);
});

test('what was compared before another build or another trial does not count', async t => {
  const { called, pass, calls, mirroring, seen } = bench();
  called();
  await pass();
  calls[0]?.answer(ok);
  await pass();
  t.equal(seen().compared, 1);
  mirroring.hear({
    type: 'build-changed',
    target: targetOf({ version: 'v2' }),
    detail: 'new',
    build: 'b2',
    deployedAtMs: undefined,
  });
  t.equal(seen().compared, 0);
  const third = mirroring.mirror('rain', 'v3', 1);
  called();
  await pass();
  calls[2]?.answer(undefined);
  await pass();
  t.equal(third.agreement().dropped['no-target'], 1);
  third.stop();
  t.equal(mirroring.mirror('rain', 'v3', 1).agreement().mirrored, 0);
});

test('a copy that is under way when another build comes counts for neither', async t => {
  const { called, pass, calls, mirroring, seen } = bench();
  called();
  await pass();
  mirroring.hear({
    type: 'build-changed',
    target: targetOf({ version: 'v2' }),
    detail: 'new',
    build: 'b2',
    deployedAtMs: undefined,
  });
  calls[0]?.answer(ok);
  await pass();
  t.match(seen(), { mirrored: 0, compared: 0 });
});
