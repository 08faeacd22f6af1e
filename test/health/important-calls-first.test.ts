import { test } from 'tap';
import type { Priority } from '../../src/core/priority.ts';
import { seededRandom } from '../../src/core/random.ts';
import { type Fixture, healthFixture, resultOf, targetIn } from '../helpers/health-fixture.ts';

const here = targetIn('us-east-1', { maxConcurrency: 10 });
const there = targetIn('us-west-2', { maxConcurrency: 10 });
const stays = new AbortController().signal;
const settled = () => new Promise(resolve => setImmediate(resolve));

const take = ({ health }: Fixture, count: number, priority: Priority) =>
  Array.from({ length: count }, () => health.acquire(here, 'call', priority)).filter(permit => permit !== undefined);

test('where all calls matter the same, all slots are theirs', t => {
  for (const priority of ['critical', 'normal', 'sheddable'] as const)
    t.equal(take(healthFixture(t, { targets: [here] }), 12, priority).length, 10, priority);
  t.end();
});

test('what more important calls needed lately is kept for them, for a while', t => {
  const fixture = healthFixture(t, { targets: [here] });
  for (const permit of take(fixture, 4, 'critical')) permit.settle(resultOf('ok'));
  for (const permit of take(fixture, 3, 'normal')) permit.settle(resultOf('ok'));
  t.equal(take(fixture, 10, 'sheddable').length, 3, 'not the 4 and 3 that the others used at once');
  t.same(fixture.health.available(here, 'sheddable'), { usable: false, why: 'reserved' });
  t.equal(take(fixture, 10, 'normal').length, 3, 'not the 4 that critical ones used');
  t.equal(take(fixture, 10, 'critical').length, 4);
  t.same(fixture.health.available(here, 'critical'), { usable: false, why: 'full' });
  const later = healthFixture(t, { targets: [here] });
  for (const permit of take(later, 4, 'critical')) permit.settle(resultOf('ok'));
  later.clock.advance(30_000);
  t.equal(take(later, 12, 'sheddable').length, 10, 'when they have not come for long, nothing is kept');
  t.end();
});

test('a freed slot goes to the most important who waits; the least important makes room in the queue', async t => {
  const { health, permit } = healthFixture(t, { targets: [here], options: { maxWaiting: 3 } });
  const held = Array.from({ length: 10 }, () => permit(here));
  const told: string[] = [];
  for (const [name, priority] of [
    ['sheddable 1', 'sheddable'],
    ['sheddable 2', 'sheddable'],
    ['normal 1', 'normal'],
    ['critical 1', 'critical'],
    ['sheddable 3', 'sheddable'],
    ['normal 2', 'normal'],
    ['normal 3', 'normal'],
  ] as const)
    health.waitForSlot([here], 50, stays, priority).then(slot => told.push(`${name} ${slot}`));
  await settled();
  t.same(told.toSorted(), ['normal 3 false', 'sheddable 1 false', 'sheddable 2 false', 'sheddable 3 false']);
  for (const permit of held.slice(0, 3)) {
    permit.release();
    await settled();
    health.acquire(here, 'call', 'critical'); // whoever was told takes it
  }
  t.same(told.slice(4), ['critical 1 true', 'normal 1 true', 'normal 2 true']);
});

/** Twenty slots in two regions, 100 ms a call, of which one region goes after ten seconds: how each tenant fares then. */
async function halfTheCapacityGone(fixture: Fixture, priorities: Readonly<Record<'shop' | 'reports', Priority>>) {
  const { health, clock } = fixture;
  const random = seededRandom(11);
  const answered: Record<string, number[]> = { shop: [], reports: [] };
  const asked: Record<string, number> = { shop: 0, reports: 0 };
  const call = async (tenant: 'shop' | 'reports', counts: boolean) => {
    const startedAt = clock.now();
    const priority = priorities[tenant];
    if (counts) asked[tenant] = (asked[tenant] ?? 0) + 1;
    const acquire = () =>
      [here, there].map(target => health.acquire(target, 'call', priority)).find(each => each !== undefined);
    const attempt = () => {
      for (const target of [here, there].sort((a, b) => health.inFlight(a) - health.inFlight(b))) {
        const permit = health.acquire(target, 'call', priority);
        if (permit !== undefined) return permit;
      }
      return undefined;
    };
    const usable = [here, there].filter(target => health.region(target.region) === 'serving');
    const permit = attempt() ?? ((await health.waitForSlot(usable, 50, stays, priority)) ? acquire() : undefined);
    if (permit === undefined) return;
    clock.after(100, () => {
      permit.settle(resultOf('ok'));
      if (counts) answered[tenant]?.push(clock.now() - startedAt);
    });
  };
  const perSecond = { shop: 40, reports: 140 } as const;
  for (let ms = 0; ms < 40_000; ms += 1) {
    if (ms === 10_000) await health.drain({ region: there.region }, { by: 'test', reason: '' });
    for (const tenant of ['shop', 'reports'] as const)
      if (random() < perSecond[tenant] / 1_000) void call(tenant, ms >= 10_000 && ms < 39_000);
    clock.advance(1);
    await settled();
  }
  const share = (tenant: string) => (answered[tenant]?.length ?? 0) / (asked[tenant] ?? 1);
  const p95Ms = answered['shop']?.sort((a, b) => a - b)[Math.floor((answered['shop'].length ?? 0) * 0.95)];
  return { shop: share('shop'), reports: share('reports'), p95Ms: p95Ms ?? Number.POSITIVE_INFINITY };
}

test('with half the capacity gone a critical tenant keeps its objective, and the sheddable one pays', async t => {
  const targets = [here, there];
  const ranked = await halfTheCapacityGone(healthFixture(t, { targets }), { shop: 'critical', reports: 'sheddable' });
  t.ok(ranked.shop >= 0.999, `answered: ${ranked.shop}`);
  t.ok(ranked.p95Ms <= 150, `p95: ${ranked.p95Ms} ms`);
  t.ok(ranked.reports > 0.1 && ranked.reports < 0.43, `what is left serves the other: ${ranked.reports}`);
  const alike = await halfTheCapacityGone(healthFixture(t, { targets }), { shop: 'normal', reports: 'normal' });
  t.ok(alike.shop < 0.9, `without priorities both pay: ${alike.shop}`);
});
