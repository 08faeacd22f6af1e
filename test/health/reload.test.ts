import { test } from 'tap';
import { healthFixture, healthOptions, resultOf, targetIn } from '../helpers/health-fixture.ts';

const east = targetIn('us-east-1');
const west = targetIn('us-west-2');

test('what is known stays with the identity, limits come from the new config', async t => {
  const { health, permit, eject } = healthFixture(t, { targets: [east, west] });
  const held = permit(west);
  eject(east);
  const east2 = { ...east, maxConcurrency: 3 };
  const west2 = { ...west, maxConcurrency: 1 };
  health.update([east2, west2]);
  t.equal(health.describe(east2).breaker, 'open');
  t.same(health.available(west2), { usable: false, why: 'full' }, 'the slot in flight counts under the new limit');
  t.equal(health.available(west), health.available(west2), 'a request on the old snapshot sees the same');
  held.settle(resultOf('ok'));
  t.equal(health.inFlight(west2), 0);
});

test('a target that is gone serves the calls that still hold it, and concludes nothing', async t => {
  const { health, clock, permit, eject, call, events } = healthFixture(t, { targets: [east, west] });
  const held = permit(east);
  eject(west);
  health.update([]);
  t.equal(clock.timers, 0, 'its timers are gone');
  t.same([...health.regions().keys()], []);
  t.same(health.describeAll(), []);
  t.equal(health.inFlight(east), 1);
  t.same(health.available(east), { usable: true, trial: false });
  t.same(health.available(west), { usable: false, why: 'ejected' });
  const before = events.length;
  for (let count = 0; count < 10; count += 1) t.ok(call(east, 'timeout'));
  held.settle(resultOf('timeout'));
  t.equal(health.inFlight(east), 0);
  t.equal(events.length, before);
  const never = targetIn('eu-west-1');
  t.ok(call(never, 'ok'), 'a target never seen can be called');
  t.equal(health.inFlight(never), 0);
});

test('a target that comes back starts anew', async t => {
  const { health, eject } = healthFixture(t, { targets: [east] });
  eject(east);
  health.update([]);
  health.update([east]);
  t.match(health.describe(east), { breaker: 'closed', ejections: 0, share: 1 });
});

test('a reload that leaves the rules as they are forgets no failure', async t => {
  const { health, call } = healthFixture(t, { targets: [east] });
  for (let count = 0; count < 4; count += 1) call(east, 'timeout');
  health.update([east], healthOptions());
  call(east, 'timeout');
  t.equal(health.describe(east).breaker, 'open', 'the fifth in a row');
});

test('new rules apply from the reload on', async t => {
  const { health, call } = healthFixture(t, { targets: [east] });
  for (let count = 0; count < 2; count += 1) call(east, 'timeout');
  health.update([east], healthOptions({ consecutiveFailures: 2, ejectionJitter: 0, baseEjectionMs: 1_000 }));
  call(east, 'timeout');
  t.equal(health.describe(east).breaker, 'closed', 'counted anew');
  call(east, 'timeout');
  t.match(health.describe(east), { breaker: 'open', ejectedForMs: 1_000 });
});
