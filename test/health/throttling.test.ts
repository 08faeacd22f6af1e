import { test } from 'tap';
import { Throttle } from '../../src/health/throttling.ts';
import { healthFixture, resultOf, targetIn } from '../helpers/health-fixture.ts';

const target = targetIn('us-east-1');

test('throttling sheds weight and is not illness', async t => {
  const { health, clock, call } = healthFixture(t, { targets: [target] });
  call(target, 'throttled');
  t.ok(Math.abs(health.share(target) - 0.7) < 1e-9);
  t.match(health.describe(target), { breaker: 'closed', availability: { usable: true, trial: false } });
  clock.advance(2_000);
  t.ok(Math.abs(health.share(target) - 0.8) < 1e-9, 'five hundredths per second come back');
  clock.advance(4_000);
  t.equal(health.share(target), 1);
});

test('a burst of throttled calls counts as one sign, and the share has a floor', async t => {
  const throttle = new Throttle();
  for (let count = 0; count < 50; count += 1) throttle.hit(1_000, undefined);
  t.equal(throttle.share(1_000), 0.7);
  for (let at = 2_000; at < 60_000; at += 250) throttle.hit(at, undefined);
  t.ok(throttle.share(60_000) >= 0.02 && throttle.share(60_000) < 0.1);
});

test('retry-after keeps the target free for as long as the upstream asked', async t => {
  const { health, clock, permit } = healthFixture(t, { targets: [target] });
  permit(target).settle(resultOf('throttled', 3_000));
  t.same(health.available(target), { usable: false, why: 'throttled' });
  t.equal(health.acquire(target, 'call'), undefined);
  t.notOk(health.mayFailOpen(target), 'nor is it opened when all are ill');
  clock.advance(2_999);
  t.same(health.available(target), { usable: false, why: 'throttled' });
  clock.advance(1);
  t.same(health.available(target), { usable: true, trial: false });
});

test('a shorter wish does not cut a longer one, and none lasts over 30 s', async t => {
  const throttle = new Throttle();
  throttle.hit(0, 10_000);
  throttle.hit(100, 1_000);
  t.ok(throttle.holds(9_999));
  t.notOk(throttle.holds(10_000));
  throttle.hit(20_000, 3_600_000);
  t.ok(throttle.holds(49_999));
  t.notOk(throttle.holds(50_000));
  throttle.hit(60_000, -5);
  t.notOk(throttle.holds(60_000));
});

test('a throttled trial waits as asked and stays a trial', async t => {
  const { health, clock, permit, eject, sitOut } = healthFixture(t, { targets: [target] });
  eject(target);
  sitOut(target);
  permit(target, 'trial').settle(resultOf('throttled', 2_000));
  t.same(health.available(target), { usable: false, why: 'throttled' });
  t.equal(health.acquire(target, 'trial'), undefined);
  clock.advance(2_000);
  t.same(health.available(target), { usable: true, trial: true });
});
