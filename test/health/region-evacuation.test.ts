import { test } from 'tap';
import type { Target } from '../../src/core/target.ts';
import { type Fixture, healthFixture, targetIn } from '../helpers/health-fixture.ts';

const regions = ['us-east-1', 'us-west-2', 'eu-west-1', 'ap-southeast-1'] as const;
const models = ['rain', 'snow', 'wind'] as const;
const all = regions.flatMap(region => models.map(model => targetIn(region, { model })));

function pick(region: string, model: string, targets: readonly Target[] = all): Target {
  const found = targets.find(target => target.region === region && target.model === model);
  if (found === undefined) throw new Error(`no ${model} in ${region}`);
  return found;
}

const [rain, snow, wind] = models.map(model => pick('us-east-1', model)) as [Target, Target, Target];
const regionEvents = (fixture: Fixture) =>
  fixture.events.flatMap(event => (event.type === 'region-changed' ? [`${event.region} ${event.to}`] : []));

/** Every target answered lately; two of three in us-east-1 are ejected. */
function evacuated(t: Parameters<typeof healthFixture>[0], targets = all): Fixture {
  const fixture = healthFixture(t, { targets });
  for (const target of targets) fixture.call(target, 'ok');
  fixture.eject(rain);
  fixture.eject(snow);
  return fixture;
}

test('a region goes when more than half of its targets fail together', async t => {
  const fixture = healthFixture(t, { targets: all });
  const { health } = fixture;
  for (const target of all) fixture.call(target, 'ok');
  fixture.eject(rain);
  t.equal(health.region('us-east-1'), 'serving', 'one of three');
  fixture.eject(snow);
  t.equal(health.region('us-east-1'), 'evacuated');
  t.same(health.available(wind), { usable: false, why: 'evacuated' });
  t.equal(health.acquire(wind, 'call'), undefined);
  t.same(health.available(pick('us-west-2', 'wind')), { usable: true, trial: false });
  t.same(regionEvents(fixture), ['us-east-1 evacuated']);
  t.same(Object.fromEntries(health.regions()), {
    'us-east-1': 'evacuated',
    'us-west-2': 'serving',
    'eu-west-1': 'serving',
    'ap-southeast-1': 'serving',
  });
});

test('idle targets neither save a region nor is one ejected target a region', async t => {
  const fixture = healthFixture(t, { targets: all });
  fixture.eject(rain);
  t.equal(fixture.health.region('us-east-1'), 'serving', 'the only one in use, but only one');
  fixture.eject(snow);
  t.equal(fixture.health.region('us-east-1'), 'evacuated', 'two of the two in use');
});

test('a missing permission is not a region’s illness', async t => {
  const fixture = healthFixture(t, { targets: all });
  for (const target of [rain, snow, wind]) fixture.call(target, 'misconfigured');
  t.equal(fixture.health.region('us-east-1'), 'serving');
  t.same(regionEvents(fixture), []);
});

test('never more than half of the regions: our own view may be what is wrong', async t => {
  const fixture = healthFixture(t, { targets: all });
  for (const target of all) fixture.call(target, 'ok');
  for (const region of regions) {
    fixture.eject(pick(region, 'rain'));
    fixture.eject(pick(region, 'snow'));
  }
  t.same(regionEvents(fixture), ['us-east-1 evacuated', 'us-west-2 evacuated']);
  t.same(fixture.health.available(pick('eu-west-1', 'wind')), { usable: true, trial: false });
});

test('a drained region counts against that half', async t => {
  const two = all.filter(target => target.region === 'us-east-1' || target.region === 'us-west-2');
  const fixture = healthFixture(t, { targets: two });
  for (const target of two) fixture.call(target, 'ok');
  await fixture.health.drain({ region: 'us-west-2' }, { by: 'ops', reason: 'test' });
  fixture.eject(rain);
  fixture.eject(snow);
  t.equal(fixture.health.region('us-east-1'), 'serving');
  t.same(fixture.health.available(wind), { usable: true, trial: false }, 'it is all that is left');
});

test('the last region that serves a model under a residency is not emptied of it', async t => {
  const targets = [...all, targetIn('us-east-1', { model: 'fog' }), targetIn('us-east-1', { model: 'hail' })];
  const abroad = targetIn('eu-west-1', { model: 'hail', residency: 'eu' });
  const fixture = healthFixture(t, { targets: [...targets, abroad] });
  for (const target of [rain, snow, wind]) fixture.call(target, 'ok');
  fixture.eject(rain);
  fixture.eject(snow);
  t.equal(fixture.health.region('us-east-1'), 'evacuated');
  t.same(fixture.health.available(wind), { usable: false, why: 'evacuated' });
  t.same(fixture.health.available(pick('us-east-1', 'fog', targets)), { usable: true, trial: false });
  t.same(fixture.health.available(pick('us-east-1', 'hail', targets)), { usable: true, trial: false });
});

test('when the last alternative falls ill, its evacuated twin serves again', async t => {
  const targets = all.filter(
    target => target.model !== 'wind' || !['eu-west-1', 'ap-southeast-1'].includes(target.region),
  );
  const fixture = evacuated(t, targets);
  t.same(fixture.health.available(wind), { usable: false, why: 'evacuated' });
  fixture.eject(pick('us-west-2', 'wind'));
  t.same(fixture.health.available(wind), { usable: true, trial: false });
  t.ok(fixture.health.share(wind) < 0.2);
});

test('an evacuated target is still tried, spaced, and two good answers bring it back', async t => {
  const { health, clock, call, permit } = evacuated(t);
  t.equal(health.acquire(wind, 'trial'), undefined, 'not at once');
  clock.advance(2_000);
  t.same(health.available(wind), { usable: true, trial: true });
  const trial = permit(wind, 'trial');
  t.same(health.available(wind), { usable: false, why: 'evacuated' }, 'one at a time');
  trial.release();
  t.equal(health.acquire(wind, 'trial'), undefined, 'and spaced');
  clock.advance(2_000);
  t.ok(call(wind, 'ok', 'trial'));
  t.same(health.available(wind), { usable: false, why: 'evacuated' });
  clock.advance(2_000);
  call(wind, 'cancelled', 'trial');
  t.same(health.available(wind), { usable: false, why: 'evacuated' }, 'a cancelled one says nothing');
  clock.advance(2_000);
  call(wind, 'ok', 'trial');
  t.same(health.available(wind), { usable: true, trial: false });
  t.ok(health.share(wind) < 0.2, 'by a slow start');
  t.equal(health.region('us-east-1'), 'evacuated', 'the region still has two ill of three');
});

test('a late answer from before the evacuation proves nothing', async t => {
  const fixture = healthFixture(t, { targets: all });
  for (const target of all) fixture.call(target, 'ok');
  const slow = [fixture.permit(wind), fixture.permit(wind), fixture.permit(wind)];
  fixture.eject(rain);
  fixture.eject(snow);
  for (const permit of slow) permit.settle({ outcome: 'ok', sent: true, durationMs: 5_000 });
  t.same(fixture.health.available(wind), { usable: false, why: 'evacuated' });
});

test('when its ejected targets recover the region returns, slowly, and says so', async t => {
  const fixture = evacuated(t);
  const { health, call, sitOut } = fixture;
  sitOut(rain);
  sitOut(snow);
  call(rain, 'ok', 'trial');
  t.equal(health.region('us-east-1'), 'serving', 'one ill target is no region');
  t.same(health.available(wind), { usable: true, trial: false });
  t.ok(health.share(wind) < 0.2);
  t.same(regionEvents(fixture), ['us-east-1 evacuated', 'us-east-1 serving']);
});

test('evacuated targets may be opened when everything is ill', async t => {
  const { health, call } = evacuated(t);
  t.ok(health.mayFailOpen(wind));
  t.notOk(health.mayFailOpen(wind));
  t.ok(call(wind, 'ok', 'fail-open'));
});

test('a drained region is reported as drained, and evacuation does not outlive the drain', async t => {
  const fixture = evacuated(t);
  await fixture.health.drain({ region: 'us-east-1' }, { by: 'ops', reason: 'test' });
  t.equal(fixture.health.region('us-east-1'), 'drained');
  await fixture.health.undrain({ region: 'us-east-1' });
  t.same(regionEvents(fixture).slice(0, 2), ['us-east-1 evacuated', 'us-east-1 drained']);
});

test('half of the targets is not more than half', async t => {
  const fog = targetIn('us-east-1', { model: 'fog' });
  const targets = [...all, fog, targetIn('eu-west-1', { model: 'fog' })];
  const { health, call, eject, sitOut } = healthFixture(t, { targets });
  for (const target of targets) call(target, 'ok');
  eject(rain);
  eject(snow);
  t.equal(health.region('us-east-1'), 'serving', 'two of four');
  eject(wind);
  t.equal(health.region('us-east-1'), 'evacuated', 'three of four');
  sitOut(rain);
  call(rain, 'ok', 'trial');
  t.equal(health.region('us-east-1'), 'evacuated', 'two ill, one returned; the untested one is no proof');
  sitOut(snow);
  call(snow, 'ok', 'trial');
  t.equal(health.region('us-east-1'), 'serving');
});

test('a drained target counts neither way', async t => {
  const { health, call, eject } = healthFixture(t, { targets: all });
  for (const target of all) call(target, 'ok');
  eject(rain);
  await health.drain({ model: 'rain', target: rain.name }, { by: 'ops', reason: 'test' });
  eject(snow);
  t.equal(health.region('us-east-1'), 'serving', 'one ill of two');
});

test('a drained target elsewhere is no place to go', async t => {
  const targets = all.filter(target => target.model !== 'wind' || target.region.startsWith('us-'));
  const fixture = healthFixture(t, { targets });
  for (const target of targets) fixture.call(target, 'ok');
  const twin = pick('us-west-2', 'wind');
  await fixture.health.drain({ model: 'wind', target: twin.name }, { by: 'ops', reason: 'test' });
  fixture.eject(rain);
  fixture.eject(snow);
  t.equal(fixture.health.region('us-east-1'), 'evacuated');
  t.same(fixture.health.available(wind), { usable: true, trial: false });
});

test('a failure between two good trials starts the proof anew', async t => {
  const { health, clock, call } = evacuated(t);
  for (const outcome of ['ok', 'timeout', 'ok'] as const) {
    clock.advance(2_000);
    t.ok(call(wind, outcome, 'trial'));
  }
  t.same(health.available(wind), { usable: false, why: 'evacuated' });
});

test('an evacuated target that proves ill is ejected, and returns like any other', async t => {
  const { health, clock, call, sitOut } = evacuated(t);
  for (let count = 0; count < 5; count += 1) {
    clock.advance(2_000);
    t.ok(call(wind, 'timeout', 'trial'));
  }
  t.match(health.describe(wind), { breaker: 'open', availability: { usable: false, why: 'ejected' } });
  sitOut(wind);
  t.ok(call(wind, 'ok', 'trial'));
  t.match(health.describe(wind), { breaker: 'closed', availability: { usable: true, trial: false } });
});

test('a region that leaves the config is forgotten', async t => {
  const { health } = evacuated(t);
  health.update(all.filter(target => target.region !== 'us-east-1'));
  t.equal(health.region('us-east-1'), 'serving');
});
