import { test } from 'tap';
import { healthFixture, memoryStore, resultOf, targetIn } from '../helpers/health-fixture.ts';

const east = targetIn('us-east-1');
const west = targetIn('us-west-2');
const by = { by: 'kim', reason: 'maintenance' };

test('a drained region takes no call of any kind, finishes what is in flight and returns slowly', async t => {
  const { health, permit, clock, events, store } = healthFixture(t, { targets: [east, west] });
  const inFlight = permit(east);
  await health.drain({ region: 'us-east-1' }, by);
  t.equal(health.region('us-east-1'), 'drained');
  t.same(health.available(east), { usable: false, why: 'drained' });
  for (const reason of ['call', 'trial', 'fail-open', 'probe'] as const) {
    t.equal(health.acquire(east, reason), undefined, reason);
  }
  t.same(health.available(west), { usable: true, trial: false });
  inFlight.settle(resultOf('ok'));
  t.equal(health.inFlight(east), 0);
  t.same(health.drains(), [{ region: 'us-east-1', ...by, at: '2025-10-20T06:48:00.000Z' }]);
  t.same(JSON.parse(store.get('drain/region/us-east-1') ?? ''), { ...by, at: '2025-10-20T06:48:00.000Z' });
  clock.advance(60_000);
  t.ok(await health.undrain({ region: 'us-east-1' }));
  t.equal(health.region('us-east-1'), 'serving');
  t.ok(Math.abs(health.share(east) - 0.1) < 1e-9);
  t.same(
    events.flatMap(event => (event.type === 'region-changed' ? [`${event.from} to ${event.to}`] : [])),
    ['serving to drained', 'drained to serving'],
  );
});

test('one target is drained by its model and public name', async t => {
  const other = targetIn('us-east-1', { model: 'snow' });
  const { health, store } = healthFixture(t, { targets: [east, other] });
  await health.drain({ model: 'rain', target: east.name }, by);
  t.same(health.available(east), { usable: false, why: 'drained' });
  t.same(health.available(other), { usable: true, trial: false }, 'the same name under another model is not meant');
  t.equal(health.region('us-east-1'), 'serving');
  t.ok(store.get('drain/target/rain/v1@us-east-1/realtime'));
  t.match(health.drains(), [{ model: 'rain', target: 'v1@us-east-1/realtime', by: 'kim' }]);
  t.ok(await health.undrain({ model: 'rain', target: east.name }));
  t.same(health.available(east), { usable: true, trial: false });
});

test('another replica’s drain and a restart’s are known', async t => {
  const store = memoryStore();
  const first = healthFixture(t, { targets: [east], store });
  store.writeElsewhere('drain/region/us-east-1', 'not even JSON');
  t.same(first.health.available(east), { usable: false, why: 'drained' });
  t.match(first.health.drains(), [{ region: 'us-east-1', by: 'unknown' }]);
  const restarted = healthFixture(t, { targets: [east], store });
  t.same(restarted.health.available(east), { usable: false, why: 'drained' });
  t.equal(restarted.health.region('us-east-1'), 'drained');
  store.writeElsewhere('drain/region/us-east-1', undefined);
  t.same(first.health.available(east), { usable: true, trial: false });
  store.writeElsewhere('something/else', 'x');
  t.same(first.health.available(east), { usable: true, trial: false });
});

test('what the config does not have cannot be drained, and a drain that was not kept is none', async t => {
  const { health } = healthFixture(t, { targets: [east] });
  await t.rejects(health.drain({ region: 'mars-north-1' }, by), { code: 'invalid-request', message: /mars-north-1/ });
  await t.rejects(health.drain({ model: 'rain', target: 'v9@nowhere' }, by), { code: 'invalid-request' });
  t.equal(await health.undrain({ region: 'us-east-1' }), false);
  t.same(health.drains(), []);
  const broken = healthFixture(t, { targets: [east], store: memoryStore(true) });
  await t.rejects(broken.health.drain({ region: 'us-east-1' }, by), { message: 'disk full' });
  t.same(broken.health.available(east), { usable: true, trial: false });
});
