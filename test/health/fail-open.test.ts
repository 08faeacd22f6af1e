import { test } from 'tap';
import { healthFixture, resultOf, targetIn } from '../helpers/health-fixture.ts';

const target = targetIn('us-east-1');

test('one try per ejected target and second', async t => {
  const other = targetIn('eu-west-1');
  const { health, clock, eject } = healthFixture(t, { targets: [target, other] });
  eject(target);
  eject(other);
  t.ok(health.mayFailOpen(target));
  t.notOk(health.mayFailOpen(target), 'the allowance is used');
  t.ok(health.mayFailOpen(other), 'each target has its own');
  clock.advance(999);
  t.notOk(health.mayFailOpen(target));
  clock.advance(1);
  t.ok(health.mayFailOpen(target));
  clock.advance(10_000);
  t.ok(health.mayFailOpen(target));
  t.notOk(health.mayFailOpen(target), 'idle seconds are not saved up');
});

test('the rate is the fleet’s, and zero means never', async t => {
  const fleet = healthFixture(t, { targets: [target], replicas: () => 4 });
  fleet.eject(target);
  t.ok(fleet.health.mayFailOpen(target));
  fleet.clock.advance(3_999);
  t.notOk(fleet.health.mayFailOpen(target));
  fleet.clock.advance(1);
  t.ok(fleet.health.mayFailOpen(target));

  const never = healthFixture(t, { targets: [target], options: { failOpenPerSecond: 0 } });
  never.eject(target);
  t.notOk(never.health.mayFailOpen(target));
});

test('a good answer ends the ejection, a bad one never lengthens it', async t => {
  const { health, clock, call, eject } = healthFixture(t, { targets: [target] });
  eject(target);
  const { ejectedForMs, ejections } = health.describe(target);
  for (const outcome of ['timeout', 'backend-fault', 'misconfigured', 'cancelled'] as const) {
    t.ok(call(target, outcome, 'fail-open'), 'outside the breaker');
  }
  clock.advance(1_000);
  t.match(health.describe(target), { breaker: 'open', ejections, ejectedForMs: ejectedForMs - 1_000 });
  call(target, 'ok', 'fail-open');
  t.match(health.describe(target), { breaker: 'closed', ejectedForMs: 0 });
  t.ok(health.share(target) < 0.2, 'by a slow start');
  t.equal(clock.timers, 0);
});

test('with probes it takes two good answers', async t => {
  const { health, call, eject } = healthFixture(t, {
    targets: [target],
    probe: { covers: () => true, setupMs: () => 0, send: async () => resultOf('ok') },
  });
  eject(target);
  call(target, 'ok', 'fail-open');
  t.equal(health.describe(target).breaker, 'open');
  call(target, 'ok', 'fail-open');
  t.equal(health.describe(target).breaker, 'closed');
});

test('drained and full targets are never opened this way', async t => {
  const small = targetIn('us-east-1', { maxConcurrency: 5 });
  const { health, permit, eject } = healthFixture(t, { targets: [small] });
  eject(small);
  await health.drain({ region: 'us-east-1' }, { by: 'ops', reason: 'test' });
  t.notOk(health.mayFailOpen(small));
  t.equal(health.acquire(small, 'fail-open'), undefined);
  await health.undrain({ region: 'us-east-1' });
  for (let count = 0; count < 5; count += 1) permit(small, 'fail-open');
  t.notOk(health.mayFailOpen(small));
  t.equal(health.acquire(small, 'fail-open'), undefined);
});

test('a half-open target whose trial is taken may still be tried', async t => {
  const { health, permit, eject, sitOut } = healthFixture(t, { targets: [target] });
  eject(target);
  sitOut(target);
  const trial = permit(target, 'trial');
  t.ok(health.mayFailOpen(target));
  permit(target, 'fail-open').settle(resultOf('timeout'));
  t.equal(health.acquire(target, 'trial'), undefined, 'the trial still runs');
  trial.settle(resultOf('cancelled'));
  t.equal(health.describe(target).breaker, 'half-open');
});
