import { test } from 'tap';
import { healthFixture, resultOf, targetIn } from '../helpers/health-fixture.ts';

const target = targetIn('us-east-1', { maxConcurrency: 1 });
const other = targetIn('eu-west-1', { maxConcurrency: 1 });
const stays = new AbortController().signal;

/** Notes who was told what, in order. */
function waiters(wait: (name: string) => Promise<boolean>, names: readonly string[], told: string[]) {
  for (const name of names) wait(name).then(slot => told.push(`${name}:${slot}`));
}
const settled = () => new Promise(resolve => setImmediate(resolve));

test('a freed slot is offered to the longest-waiting caller that can use it', async t => {
  const { health, permit } = healthFixture(t, { targets: [target, other] });
  const here = permit(target);
  const there = permit(other);
  const told: string[] = [];
  waiters(() => health.waitForSlot([other], 50, stays), ['other-only'], told);
  waiters(() => health.waitForSlot([target, other], 50, stays), ['first', 'second'], told);
  here.settle(resultOf('ok'));
  await settled();
  t.same(told, ['first:true']);
  there.release();
  await settled();
  t.same(told, ['first:true', 'other-only:true'], 'a released slot counts as well');
});

test('nobody waits longer than asked, or after leaving', async t => {
  const { health, clock, permit } = healthFixture(t, { targets: [target] });
  permit(target);
  const leaver = new AbortController();
  const told: string[] = [];
  waiters(() => health.waitForSlot([target], 50, stays), ['patient'], told);
  waiters(() => health.waitForSlot([target], 50, leaver.signal), ['leaver'], told);
  leaver.abort();
  await settled();
  t.same(told, ['leaver:false']);
  clock.advance(49);
  await settled();
  t.equal(told.length, 1);
  clock.advance(1);
  await settled();
  t.same(told, ['leaver:false', 'patient:false']);
  t.equal(clock.timers, 0);
  t.equal(await health.waitForSlot([target], 50, leaver.signal), false, 'who has left already does not wait');
  t.equal(await health.waitForSlot([target], 0, stays), false);
});

test('a free slot is told at once', async t => {
  const { health, clock, permit } = healthFixture(t, { targets: [target, other] });
  permit(target);
  t.equal(await health.waitForSlot([target, other], 50, stays), true);
  t.equal(clock.timers, 0);
});

test('past the bound callers are sent on at once', async t => {
  const { health, permit, clock } = healthFixture(t, { targets: [target], options: { maxWaiting: 2 } });
  permit(target);
  const told: string[] = [];
  waiters(() => health.waitForSlot([target], 50, stays), ['first', 'second', 'third'], told);
  await settled();
  t.same(told, ['third:false']);
  clock.advance(50);
  await settled();
  t.equal(told.length, 3);
});
