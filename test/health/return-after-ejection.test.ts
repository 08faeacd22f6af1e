import { test } from 'tap';
import { slowStartShare } from '../../src/health/slow-start.ts';
import { healthFixture, resultOf, targetIn } from '../helpers/health-fixture.ts';

const target = targetIn('us-east-1');

test('without a sample payload one caller’s request tries the target, one at a time', async t => {
  const { health, permit, eject, sitOut, events } = healthFixture(t, { targets: [target] });
  eject(target);
  t.equal(health.acquire(target, 'trial'), undefined, 'not while ejected');
  sitOut(target);
  t.same(health.available(target), { usable: true, trial: true });
  t.equal(health.acquire(target, 'call'), undefined, 'ordinary calls stay away');
  const trial = permit(target, 'trial');
  t.same(health.available(target), { usable: false, why: 'ejected' });
  t.equal(health.acquire(target, 'trial'), undefined);
  trial.settle(resultOf('ok'));
  t.match(health.describe(target), {
    breaker: 'closed',
    availability: { usable: true, trial: false },
    reason: undefined,
  });
  t.same(
    events.flatMap(event => (event.type === 'breaker-changed' ? [event.to] : [])),
    ['open', 'half-open', 'closed'],
  );
});

test('a trial given back unused leaves the target where it was', async t => {
  const { health, permit, eject, sitOut } = healthFixture(t, { targets: [target] });
  eject(target);
  sitOut(target);
  permit(target, 'trial').release();
  t.match(health.describe(target), { breaker: 'half-open', inFlight: 0, availability: { usable: true, trial: true } });
});

test('a returned target takes a tenth of its share and grows to all of it', async t => {
  const { health, clock, call, eject, sitOut } = healthFixture(t, { targets: [target] });
  t.equal(health.share(target), 1, 'a new target is not held back');
  eject(target);
  sitOut(target);
  call(target, 'ok', 'trial');
  const shares: number[] = [];
  for (let second = 0; second <= 31; second += 1) {
    shares.push(health.share(target));
    clock.advance(1_000);
  }
  t.ok(Math.abs((shares[0] ?? 0) - 0.1) < 1e-9);
  t.ok(Math.abs((shares[15] ?? 0) - 0.55) < 1e-9);
  t.ok(shares.every((share, index) => index === 0 || share >= (shares[index - 1] ?? 1)));
  t.equal(shares[30], 1);
  t.equal(slowStartShare(0, 0), 1, 'a slow start of zero is none');
});

test('a target that falls ill while it starts slowly is ejected for longer', async t => {
  const { health, clock, call, eject, sitOut } = healthFixture(t, {
    targets: [target],
    options: { ejectionJitter: 0 },
  });
  eject(target);
  sitOut(target);
  call(target, 'ok', 'trial');
  clock.advance(5_000);
  eject(target);
  t.match(health.describe(target), { ejections: 2, ejectedForMs: 60_000 });
});

test('every answer is one shared frozen object', async t => {
  const other = targetIn('eu-west-1');
  const { health } = healthFixture(t, { targets: [target, other] });
  t.equal(health.available(target), health.available(other));
  t.ok(Object.isFrozen(health.available(target)));
});

test('stopping leaves no timer, whatever state the targets are in', async t => {
  const targets = ['us-east-1', 'us-west-2', 'eu-west-1'].map(region => targetIn(region));
  const { health, clock, store, eject, sitOut } = healthFixture(t, {
    targets,
    probe: { covers: () => true, setupMs: () => 0, send: () => new Promise(() => {}) },
  });
  const [first, second] = targets;
  if (first === undefined || second === undefined) throw new Error('no targets');
  eject(first);
  sitOut(first);
  clock.advance(2_000);
  eject(second);
  const waiting = health.waitForSlot([], 50, new AbortController().signal);
  t.ok(clock.timers >= 3);
  health.stop();
  t.equal(clock.timers, 0);
  t.equal(store.watchers, 0);
  t.equal(await waiting, false);
});
