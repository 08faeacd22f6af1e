import CircuitBreaker from 'opossum';
import { test } from 'tap';
import type { Outcome } from '../../src/core/outcome.ts';
import { opossumBreaker } from '../../src/health/opossum-breaker.ts';
import { healthFixture, resultOf, targetIn } from '../helpers/health-fixture.ts';

const target = targetIn('us-east-1');

test('refusals while open do not dilute the error rate', async t => {
  const { health, call, eject, sitOut } = healthFixture(t, { targets: [target] });
  eject(target);
  let refused = 0;
  for (let count = 0; count < 1_000; count += 1) if (health.acquire(target, 'call') === undefined) refused += 1;
  t.equal(refused, 1_000);
  sitOut(target);
  call(target, 'ok', 'trial');
  for (let count = 0; count < 5; count += 1) t.ok(call(target, 'backend-fault'), `failure ${count + 1}`);
  t.equal(health.describe(target).breaker, 'open', 'five failures open it again, not a thousand');
});

test('failures from before the ejection do not pull the trigger after the return', async t => {
  const { health, call, clock, sitOut } = healthFixture(t, {
    targets: [target],
    options: { baseEjectionMs: 1_000, windowMs: 60_000 },
  });
  for (let count = 0; count < 10; count += 1) call(target, 'ok');
  for (let count = 0; count < 5; count += 1) call(target, 'timeout');
  sitOut(target);
  call(target, 'ok', 'trial');
  clock.advance(1);
  for (let count = 0; count < 4; count += 1) call(target, 'timeout');
  for (let count = 0; count < 8; count += 1) call(target, 'ok');
  for (let count = 0; count < 4; count += 1) call(target, 'timeout');
  t.equal(health.describe(target).breaker, 'closed', 'eight of sixteen: only calls since the return count');
});

test('a trial that was cancelled, or the caller’s fault, does not close a dead target', async t => {
  const neutral: readonly Outcome[] = ['cancelled', 'caller-fault', 'throttled', 'cold'];
  for (const outcome of neutral) {
    const { health, call, eject, sitOut } = healthFixture(t, { targets: [target] });
    eject(target);
    sitOut(target);
    for (let count = 0; count < 20; count += 1) t.ok(call(target, outcome, 'trial'), 'the slot is free again');
    t.match(health.describe(target), { breaker: 'half-open', availability: { usable: true, trial: true } }, outcome);
  }
});

test('a success that began before the ejection does not end it', async t => {
  const { health, permit, eject, sitOut } = healthFixture(t, { targets: [target] });
  const slow = permit(target);
  const slower = permit(target);
  eject(target);
  slow.settle(resultOf('ok'));
  t.equal(health.describe(target).breaker, 'open');
  sitOut(target);
  slower.settle(resultOf('ok'));
  t.equal(health.describe(target).breaker, 'half-open');
});

test('a failure that began before the ejection counts against nobody after it', async t => {
  const { health, permit, call, eject, sitOut } = healthFixture(t, { targets: [target] });
  const old = Array.from({ length: 12 }, () => permit(target));
  eject(target);
  const forMs = health.describe(target).ejectedForMs;
  old.pop()?.settle(resultOf('timeout'));
  t.match(health.describe(target), { ejections: 1, ejectedForMs: forMs }, 'no longer ejection');
  sitOut(target);
  old.pop()?.settle(resultOf('misconfigured'));
  t.equal(health.describe(target).breaker, 'half-open', 'not while on trial');
  call(target, 'ok', 'trial');
  for (const permitted of old) permitted.settle(resultOf('timeout'));
  t.match(health.describe(target), { breaker: 'closed', inFlight: 0 }, 'nor after the return');
});

test('a trial that never ends makes room for another, and its late answer is ignored', async t => {
  const { health, clock, permit, eject, sitOut } = healthFixture(t, { targets: [target] });
  eject(target);
  sitOut(target);
  const hung = permit(target, 'trial');
  clock.advance(59_999);
  t.equal(health.acquire(target, 'trial'), undefined, 'one at a time');
  t.same(health.available(target), { usable: false, why: 'ejected' });
  clock.advance(1);
  t.same(health.available(target), { usable: true, trial: true });
  const second = permit(target, 'trial');
  hung.settle(resultOf('timeout'));
  t.equal(health.describe(target).breaker, 'half-open');
  t.equal(health.acquire(target, 'trial'), undefined, 'the second one still runs');
  second.settle(resultOf('ok'));
  t.match(health.describe(target), { breaker: 'closed', inFlight: 0 });
});

test('a full target is not a failing one', async t => {
  const small = targetIn('us-east-1', { maxConcurrency: 1 });
  const { health, permit } = healthFixture(t, { targets: [small] });
  const only = permit(small);
  for (let count = 0; count < 10; count += 1) t.equal(health.acquire(small, 'call'), undefined);
  t.match(health.describe(small), { breaker: 'closed', inFlight: 1, availability: { usable: false, why: 'full' } });
  only.settle(resultOf('ok'));
  t.same(health.available(small), { usable: true, trial: false });
});

test('one probe that runs out of time aborts no other', async t => {
  const other = targetIn('eu-west-1');
  const signals = new Map<string, AbortSignal>();
  const { clock, eject, sitOut } = healthFixture(t, {
    targets: [target, other],
    options: { probeIntervalMs: 100, probeTimeoutMs: 5_000 },
    probe: {
      covers: () => true,
      setupMs: () => 0,
      send: (probed, signal) => {
        signals.set(probed.id, signal);
        return new Promise(() => {});
      },
    },
  });
  eject(target);
  clock.advance(2_000);
  eject(other);
  sitOut(target);
  sitOut(other);
  clock.advance(200);
  t.equal(signals.size, 2);
  const [first, second] = [...signals.values()];
  while (first?.aborted === false && second?.aborted === false) clock.advance(1);
  t.not(first?.aborted, second?.aborted);
});

test('a failure costs the same however many calls came before it: no call goes through opossum', async t => {
  let touched = 0;
  const stats = Object.getOwnPropertyDescriptor(CircuitBreaker.prototype, 'stats');
  if (stats === undefined) throw new Error('opossum has no stats');
  Object.defineProperty(CircuitBreaker.prototype, 'stats', {
    ...stats,
    get: () => {
      touched += 1;
    },
  });
  t.teardown(() => Object.defineProperty(CircuitBreaker.prototype, 'stats', stats));
  const fired = t.capture(CircuitBreaker.prototype, 'call');
  const { call, health, eject, sitOut } = healthFixture(t, { targets: [target] });
  for (let count = 0; count < 10_000; count += 1) call(target, 'ok');
  for (let count = 0; count < 4; count += 1) call(target, 'timeout');
  call(target, 'ok');
  eject(target);
  sitOut(target);
  call(target, 'ok', 'trial');
  t.equal(health.describe(target).breaker, 'closed');
  t.equal(touched, 0, 'its statistics are never summed');
  t.same(fired(), [], 'and nothing is fired');
});

test('a thousand breakers start no interval, warn of no listeners and leave no timer', async t => {
  const warnings: Error[] = [];
  const note = (warning: Error) => warnings.push(warning);
  process.on('warning', note);
  t.teardown(() => process.off('warning', note));
  const intervals = t.capture(globalThis, 'setInterval');
  const timeouts = t.capture(globalThis, 'setTimeout', setTimeout);
  const cleared = t.capture(globalThis, 'clearTimeout', clearTimeout);
  const breakers = Array.from({ length: 1_000 }, opossumBreaker);
  for (const breaker of breakers) {
    breaker.apply('eject');
    breaker.apply('ejection-over');
    breaker.apply('eject');
    breaker.stop();
  }
  const started = timeouts();
  const leftover = new Set(started.map(timer => ('returned' in timer ? timer.returned : undefined)));
  for (const { args } of cleared()) leftover.delete(args[0] as NodeJS.Timeout);
  await new Promise(resolve => setImmediate(resolve));
  t.ok(started.length >= 2_000, 'opossum does start one when it opens');
  t.equal(leftover.size, 0);
  t.ok(
    started.every(timer => timer.args[1] === 2_147_483_647),
    'none that could half-open it on real time',
  );
  t.same(intervals(), []);
  t.same(warnings, []);
});
