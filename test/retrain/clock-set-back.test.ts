import { test } from 'tap';
import { type Fixture, pipelineAction, startFixture, windows } from '../helpers/episodes.ts';
import { type ManualClock, manualClock } from '../helpers/manual-clock.ts';
import { memoryState } from '../helpers/memory-state.ts';

const hourMs = 3_600_000;
const yearMs = 8_766 * hourMs;
const actions = [pipelineAction];

/** A clock that is ahead by so much, until it is set right. */
function aheadClock(): { readonly clock: ManualClock; aheadMs: number } {
  const right = manualClock();
  const skew = { aheadMs: yearMs, clock: right };
  return Object.assign(skew, { clock: { ...right, wallMs: () => right.wallMs() + skew.aheadMs } });
}

/** A retraining that came to its end while the clock was ahead. */
async function retrainedOnce(fixture: Fixture): Promise<void> {
  await windows(fixture, 3, { prediction: 'drifted' });
  await fixture.episodes.retrained('rain', fixture.newest().id, { version: 'v2' });
  const canary = { id: 'c', version: 'v2', by: 'anna', reason: '', startedAtMs: fixture.clock.wallMs() };
  fixture.canary = { ...canary, state: 'promoted' };
  await fixture.pass(1_000);
  await windows(fixture, 3, { prediction: 'clear' }, { version: 'v2' });
  fixture.canary = undefined;
}

test('a cool-down that began while the clock was a year ahead lasts no longer than one from now', async t => {
  const skew = aheadClock();
  const fixture = startFixture(t, { actions, cooldownHours: 24, maxPerWeek: 1 }, { clock: skew.clock });
  await retrainedOnce(fixture);
  skew.aheadMs = 0;
  await windows(fixture, 3, { prediction: 'drifted' }, { version: 'v2' });
  t.match(fixture.newest(), { number: 2, state: 'confirmed', held: { why: /^(cooling|the budget)/ } });
  skew.clock.hold(7 * 24 * hourMs);
  await windows(fixture, 1, { prediction: 'drifted' }, { version: 'v2' });
  t.equal(fixture.newest().state, 'retraining');
});

test('leases, pauses and evidence of the future hold nothing', async t => {
  const skew = aheadClock();
  const state = memoryState();
  const one = startFixture(t, { actions }, { clock: skew.clock, state, replica: 'one' });
  let answer = () => {};
  one.control.startPipeline = () =>
    new Promise(resolve => {
      answer = () => resolve('arn:late');
    });
  t.teardown(() => answer()); // until then it is as dead
  await windows(one, 3, { prediction: 'drifted' });
  t.match(one.newest(), { state: 'retraining', lease: { replica: 'one' } });
  skew.aheadMs = 0;
  const two = startFixture(t, { actions }, { clock: skew.clock, state, replica: 'two' });
  await two.pass(70_000);
  t.equal(two.control.starts.length, 1);
});

test('what suppressed an episode while the clock was ahead does not for a year', async t => {
  const skew = aheadClock();
  const fixture = startFixture(t, { actions, settleMinutes: 10 }, { clock: skew.clock });
  fixture.regions.set('us-east-1', 'evacuated');
  await windows(fixture, 3, { prediction: 'drifted' });
  t.match(fixture.newest(), { state: 'suspected', held: { why: /suppressed/ } });
  skew.aheadMs = 0;
  fixture.regions.set('us-east-1', 'serving');
  await windows(fixture, 13, { prediction: 'drifted' });
  t.equal(fixture.newest().state, 'retraining');
});

test('what a person put away comes back after the cool-down', async t => {
  const skew = aheadClock();
  const fixture = startFixture(t, { actions, approval: true, cooldownHours: 1 }, { clock: skew.clock });
  await windows(fixture, 3, { prediction: 'drifted' });
  await fixture.episodes.dismiss(fixture.newest().id, 'anna', 'a holiday');
  skew.aheadMs = 0;
  await fixture.pass(1_000);
  skew.clock.hold(hourMs);
  await windows(fixture, 3, { prediction: 'drifted' });
  t.match(fixture.newest(), { number: 2, state: 'awaiting-approval' });
});
