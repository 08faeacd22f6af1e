import { test } from 'tap';
import type { Outcome } from '../../src/core/outcome.ts';
import { seededRandom } from '../../src/core/random.ts';
import { Ejections, ejectionMs, standingEjections } from '../../src/health/ejection.ts';
import { healthFixture, healthOptions, resultOf, targetIn } from '../helpers/health-fixture.ts';

const target = targetIn('us-east-1');

test('five failures in a row eject a target, four do not', async t => {
  const { health, call, events } = healthFixture(t, { targets: [target] });
  for (let count = 0; count < 4; count += 1) call(target, 'timeout');
  t.same(health.available(target), { usable: true, trial: false });
  call(target, 'unreachable');
  t.same(health.available(target), { usable: false, why: 'ejected' });
  const { breaker, reason, detail, ejections, ejectedForMs } = health.describe(target);
  t.match({ breaker, reason, ejections }, { breaker: 'open', reason: 'consecutive-failures', ejections: 1 });
  t.match(detail, /5 failures in a row; last: unreachable \(Test: it was unreachable\)/);
  t.ok(ejectedForMs >= 24_000 && ejectedForMs <= 36_000, `30 s ± 20 %: ${ejectedForMs}`);
  t.same(
    events.map(event => event.type),
    ['breaker-changed', 'target-ejected'],
  );
  t.match(events, [
    { from: 'closed', to: 'open', target },
    { reason: 'consecutive-failures', forMs: ejectedForMs, target },
  ]);
});

test('an answer in between breaks the row', async t => {
  const { health, call } = healthFixture(t, { targets: [target] });
  for (const outcome of ['timeout', 'timeout', 'timeout', 'timeout', 'ok', 'timeout', 'timeout'] as const) {
    call(target, outcome);
  }
  t.equal(health.describe(target).breaker, 'closed');
});

test('neutral outcomes neither make a row nor break one, and never count as calls', async t => {
  const neutral: readonly Outcome[] = ['caller-fault', 'throttled', 'cold', 'cancelled'];
  for (const outcome of neutral) {
    const { health, call, clock } = healthFixture(t, { targets: [target] });
    for (let count = 0; count < 100; count += 1) call(target, outcome);
    t.equal(health.describe(target).breaker, 'closed', `${outcome} is not illness`);
    clock.advance(60_000);
    for (let count = 0; count < 4; count += 1) call(target, 'backend-fault');
    call(target, outcome);
    t.equal(health.describe(target).breaker, 'closed');
    call(target, 'backend-fault');
    t.equal(health.describe(target).breaker, 'open', `${outcome} is no success either`);
  }
});

test('half of at least twenty calls within the window eject', async t => {
  const { health, call, clock } = healthFixture(t, { targets: [target] });
  for (let count = 0; count < 9; count += 1) {
    call(target, 'ok');
    call(target, 'timeout');
    clock.advance(100);
  }
  call(target, 'ok');
  t.equal(health.describe(target).breaker, 'closed', 'nineteen are too few');
  call(target, 'timeout');
  t.match(health.describe(target), { breaker: 'open', reason: 'failure-rate' });
  t.match(health.describe(target).detail, /10 of 20 calls failed within 10000 ms/);
});

test('failures older than the window do not count', async t => {
  const { health, call, clock } = healthFixture(t, { targets: [target] });
  for (let count = 0; count < 9; count += 1) {
    call(target, 'timeout');
    call(target, 'ok');
  }
  clock.advance(10_000);
  for (let count = 0; count < 12; count += 1) call(target, 'ok');
  for (const outcome of ['timeout', 'ok', 'timeout', 'ok', 'timeout'] as const) call(target, outcome);
  t.equal(health.describe(target).breaker, 'closed');
});

test('each ejection in a row lasts longer, up to the cap, with jitter', async t => {
  const rules = healthOptions();
  const random = seededRandom(1);
  const seen = new Set<number>();
  for (let inARow = 1; inARow <= 40; inARow += 1) {
    const expected = Math.min(30_000 * inARow, 300_000);
    for (let draw = 0; draw < 50; draw += 1) {
      const forMs = ejectionMs(inARow, rules, random);
      if (forMs < expected * 0.8 || forMs > expected * 1.2) t.fail(`${forMs} after ${inARow}`);
      seen.add(forMs);
    }
  }
  t.ok(seen.size > 1_900, 'no two returns coincide');
});

test('a target that fails its trials stays out longer each time', async t => {
  const { health, call, eject, sitOut } = healthFixture(t, { targets: [target], options: { ejectionJitter: 0 } });
  eject(target);
  const lengths = [health.describe(target).ejectedForMs];
  for (let count = 0; count < 11; count += 1) {
    sitOut(target);
    t.ok(call(target, 'timeout', 'trial'));
    lengths.push(health.describe(target).ejectedForMs);
  }
  t.same(lengths.slice(0, 4), [30_000, 60_000, 90_000, 120_000]);
  t.equal(Math.max(...lengths), 300_000);
  t.equal(health.describe(target).reason, 'failed-probe');
});

test('serving well forgives one ejection per base time after the slow start', async t => {
  const rules = { baseEjectionMs: 30_000, slowStartMs: 30_000 };
  t.equal(standingEjections(3, 0, rules), 3);
  t.equal(standingEjections(3, 59_999, rules), 3);
  t.equal(standingEjections(3, 60_000, rules), 2);
  t.equal(standingEjections(3, 600_000, rules), 0);

  const { health, clock, call, eject, sitOut } = healthFixture(t, { targets: [target] });
  eject(target);
  sitOut(target);
  call(target, 'ok', 'trial');
  t.equal(health.describe(target).ejections, 1, 'just returned');
  clock.advance(60_000);
  t.equal(health.describe(target).ejections, 0, 'served well since');
});

test('misconfigured ejects at once, under its own reason, for the base time however often', async t => {
  const { health, call, permit, sitOut } = healthFixture(t, { targets: [target], options: { ejectionJitter: 0 } });
  call(target, 'misconfigured');
  t.match(health.describe(target), { breaker: 'open', reason: 'misconfigured', ejectedForMs: 30_000 });
  t.match(health.describe(target).detail, 'misconfigured (Test: it was misconfigured)', 'the words are kept');
  for (let count = 0; count < 3; count += 1) {
    sitOut(target);
    permit(target, 'trial').settle(resultOf('misconfigured'));
    t.equal(health.describe(target).ejectedForMs, 30_000);
  }
  sitOut(target);
  call(target, 'ok', 'trial');
  t.match(health.describe(target), { breaker: 'closed', reason: undefined });
});

test('a short ejection does not cut a long one', async t => {
  const rules = healthOptions({ ejectionJitter: 0 });
  const ejections = new Ejections(0);
  for (let count = 0; count < 3; count += 1) ejections.begin('failure-rate', '', true, 0, rules, seededRandom(1));
  t.equal(ejections.begin('failed-probe', '', false, 1_000, rules, seededRandom(1)), 89_000);
  t.equal(ejections.remainingMs(1_000), 89_000);
});
