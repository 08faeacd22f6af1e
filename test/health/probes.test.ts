import { test } from 'tap';
import type { Outcome } from '../../src/core/outcome.ts';
import type { AttemptResult } from '../../src/core/result.ts';
import type { Target } from '../../src/core/target.ts';
import { healthFixture, resultOf, targetIn } from '../helpers/health-fixture.ts';

const target = targetIn('us-east-1');

/** A prober that answers as told and notes when it was asked. */
function scripted(outcomes: (Outcome | 'throw' | 'hang')[], now: () => number) {
  const sentAt: number[] = [];
  const signals: AbortSignal[] = [];
  const send = async (_: Target, signal: AbortSignal): Promise<AttemptResult> => {
    sentAt.push(now());
    signals.push(signal);
    const outcome = outcomes.shift() ?? 'ok';
    if (outcome === 'throw') throw new Error('bug');
    return outcome === 'hang' ? new Promise(() => {}) : resultOf(outcome);
  };
  return { probe: { covers: () => true, setupMs: () => 0, send }, sentAt, signals };
}

/** Lets promises settle between steps of the manual clock. */
async function pass(clock: { advance(ms: number): void }, ms: number, stepMs = 100): Promise<void> {
  for (let done = 0; done < ms; done += stepMs) {
    clock.advance(stepMs);
    await new Promise(resolve => setImmediate(resolve));
  }
}

test('two good probes in a row end an ejection, and no caller is sent before', async t => {
  let now = () => 0;
  const script = scripted(['ok', 'ok'], () => now());
  const { health, clock, eject, sitOut } = healthFixture(t, { targets: [target], probe: script.probe });
  now = clock.now;
  eject(target);
  await pass(clock, 20_000, 1_000);
  t.equal(script.sentAt.length, 0, 'none while ejected');
  sitOut(target);
  const halfOpenAt = clock.now();
  t.same(health.available(target), { usable: false, why: 'ejected' });
  t.equal(health.acquire(target, 'trial'), undefined);
  while (health.describe(target).breaker !== 'closed') await pass(clock, 100);
  t.equal(script.sentAt.length, 2);
  const [first = 0, second = 0] = script.sentAt;
  t.ok(first - halfOpenAt > 100 && first - halfOpenAt <= 2_000, 'after a random part of the interval');
  t.ok(second - first >= 1_600 && second - first <= 2_500, `${second - first} is 2 s ± 20 %`);
  t.ok(health.share(target) < 0.2, 'slow start');
  await pass(clock, 30_000, 1_000);
  t.equal(script.sentAt.length, 2, 'a serving target is not probed');
});

test('a failed probe ejects again for the base time, and counts no further ejection', async t => {
  const script = scripted(['ok', 'timeout'], () => 0);
  const { health, clock, eject, sitOut, events } = healthFixture(t, {
    targets: [target],
    probe: script.probe,
    options: { ejectionJitter: 0 },
  });
  eject(target);
  sitOut(target);
  while (script.sentAt.length < 2) await pass(clock, 100);
  t.match(health.describe(target), { breaker: 'open', reason: 'failed-probe', ejections: 1 });
  t.match(events.at(-1), { type: 'target-ejected', reason: 'failed-probe', forMs: 30_000 });
  t.equal(clock.timers, 1, 'the end of the ejection, and no probe');
  sitOut(target);
  while (script.sentAt.length < 3) await pass(clock, 100);
  t.equal(health.describe(target).breaker, 'half-open', 'the earlier good probe does not count');
});

test('a hung probe is a failed one; its signal aborts and its late answer is ignored', async t => {
  let answer: (result: AttemptResult) => void = () => {};
  const signals: AbortSignal[] = [];
  const { health, clock, eject, sitOut } = healthFixture(t, {
    targets: [target],
    probe: {
      covers: () => true,
      setupMs: () => 0,
      send: (_, signal) => {
        signals.push(signal);
        return new Promise(resolve => {
          answer = resolve;
        });
      },
    },
  });
  eject(target);
  sitOut(target);
  while (signals.length === 0) await pass(clock, 100);
  t.equal(health.inFlight(target), 1, 'a probe takes a slot');
  await pass(clock, 2_000 + 100);
  t.ok(signals[0]?.aborted);
  t.match(health.describe(target), { breaker: 'open', reason: 'failed-probe', inFlight: 0 });
  t.match(health.describe(target).detail, /timeout \(ProbeTimeout/);
  answer(resultOf('ok'));
  await pass(clock, 100);
  t.match(health.describe(target), { breaker: 'open', inFlight: 0 });
});

test('a probe that may find a cold target is given its set-up time too', async t => {
  const limits: number[] = [];
  const { health, clock, eject, sitOut } = healthFixture(t, {
    targets: [target],
    probe: {
      covers: () => true,
      setupMs: () => 7_000,
      send: (_, __, timeoutMs) => {
        limits.push(timeoutMs);
        return new Promise(() => {});
      },
    },
  });
  eject(target);
  sitOut(target);
  while (limits.length === 0) await pass(clock, 100);
  t.same(limits, [9_000]);
  await pass(clock, 8_900);
  t.equal(health.describe(target).breaker, 'half-open');
  await pass(clock, 300);
  t.match(health.describe(target), { breaker: 'open', reason: 'failed-probe' });
});

test('a prober that throws is no verdict and does not end the probing', async t => {
  const script = scripted(['throw', 'ok', 'ok'], () => 0);
  const { health, clock, eject, sitOut, events } = healthFixture(t, { targets: [target], probe: script.probe });
  eject(target);
  sitOut(target);
  while (health.describe(target).breaker !== 'closed') await pass(clock, 100);
  t.equal(script.sentAt.length, 3);
  t.equal(events.filter(event => event.type === 'target-ejected').length, 1, 'only the first ejection');
  t.equal(health.inFlight(target), 0);
});

test('a sample the model refuses hands the trial to callers', async t => {
  const script = scripted(Array<Outcome>(50).fill('caller-fault'), () => 0);
  const { health, clock, call, eject, sitOut } = healthFixture(t, { targets: [target], probe: script.probe });
  eject(target);
  sitOut(target);
  while (script.sentAt.length < 2) await pass(clock, 100);
  t.same(health.available(target), { usable: false, why: 'ejected' });
  while (script.sentAt.length < 3) await pass(clock, 100);
  t.same(health.available(target), { usable: true, trial: true });
  t.ok(call(target, 'ok', 'trial'));
  t.equal(health.describe(target).breaker, 'closed');
});

test('each of the replicas probes that much less often', async t => {
  let now = () => 0;
  const script = scripted(Array<Outcome>(50).fill('cold'), () => now());
  const { clock, eject, sitOut } = healthFixture(t, { targets: [target], probe: script.probe, replicas: () => 5 });
  now = clock.now;
  eject(target);
  sitOut(target);
  while (script.sentAt.length < 5) await pass(clock, 100);
  const gaps = script.sentAt.slice(1).map((at, index) => at - (script.sentAt[index] ?? 0));
  t.ok(
    gaps.every(gap => gap >= 8_000 && gap <= 12_200),
    gaps.join(),
  );
});

test('a drained target is not probed', async t => {
  const script = scripted([], () => 0);
  const { health, clock, eject, sitOut } = healthFixture(t, { targets: [target], probe: script.probe });
  eject(target);
  await health.drain({ region: 'us-east-1' }, { by: 'ops', reason: 'test' });
  sitOut(target);
  await pass(clock, 10_000, 1_000);
  t.equal(script.sentAt.length, 0);
  await health.undrain({ region: 'us-east-1' });
  await pass(clock, 10_000, 1_000);
  t.equal(health.describe(target).breaker, 'closed', 'and is again once it is back');
});
