import { test } from 'tap';
import { retrainBudget } from '../../src/retrain/retrain-budget.ts';
import { type Fixture, pipelineAction, startFixture, windows } from '../helpers/episodes.ts';
import { memoryState } from '../helpers/memory-state.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const actions = [pipelineAction];

/** Lets a retraining come to its end: promoted, and clear afterwards. */
async function finish(fixture: Fixture, version: string): Promise<void> {
  const { id } = fixture.newest();
  await fixture.episodes.retrained('rain', id, { version });
  const canary = { id: `canary-${version}`, version, by: 'anna', reason: 'no guard objects' };
  fixture.canary = { ...canary, startedAtMs: fixture.clock.wallMs(), state: 'promoted' };
  await fixture.pass(1_000);
  await windows(fixture, 3, { prediction: 'clear' }, { version });
}

test('while a region is evacuated nothing is confirmed, and the reason is written down', async t => {
  const fixture = startFixture(t, { actions, settleMinutes: 10 });
  fixture.regions.set('us-east-1', 'evacuated');
  await windows(fixture, 3, { prediction: 'drifted' });
  t.match(fixture.newest(), { state: 'suspected', held: { why: 'suppressed: us-east-1 evacuated' } });
  t.match(fixture.newest().timeline.at(-1), { what: 'held', by: 'gateway' });
  fixture.regions.set('us-east-1', 'serving');
  await windows(fixture, 5, { prediction: 'drifted' });
  t.equal(fixture.newest().state, 'suspected', 'windows of the time after still show it');
  await windows(fixture, 8, { prediction: 'drifted' });
  t.equal(fixture.newest().state, 'retraining', 'drift that stays is believed');
  t.equal(fixture.newest().timeline.filter(({ what }) => what === 'held').length, 1, 'told once');
});

test('an evacuation of a region the model is not in holds nothing', async t => {
  const fixture = startFixture(t, { actions });
  fixture.regions.set('eu-west-1', 'evacuated');
  await windows(fixture, 3, { prediction: 'drifted' });
  t.equal(fixture.newest().state, 'retraining');
});

test('drift that only the evacuation showed comes to nothing', async t => {
  const fixture = startFixture(t, { actions, settleMinutes: 10 });
  fixture.regions.set('us-east-1', 'evacuated');
  await windows(fixture, 3, { prediction: 'drifted' });
  fixture.regions.set('us-east-1', 'serving');
  await windows(fixture, 3, { prediction: 'clear' });
  t.equal(fixture.newest().state, 'cleared');
  t.same(fixture.control.starts, []);
});

test('an evacuation holds one that was confirmed before as well', async t => {
  const fixture = startFixture(t, { actions, maxPerWeek: 0 });
  await windows(fixture, 3, { prediction: 'drifted' });
  t.match(fixture.newest(), { state: 'confirmed', held: { why: /budget/ } });
  fixture.regions.set('us-west-2', 'evacuated');
  fixture.options = { ...fixture.options, maxPerWeek: 2 };
  await windows(fixture, 2, { prediction: 'drifted' });
  t.match(fixture.newest(), { state: 'confirmed', held: { why: 'suppressed: us-west-2 evacuated' } });
  t.same(fixture.control.starts, []);
});

test('a canary that runs holds it as well, and its own windows are not looked at', async t => {
  const fixture = startFixture(t, { actions, settleMinutes: 10 });
  const canary = { id: 'c1', version: 'v2', by: 'anna', reason: '', state: 'running' as const };
  fixture.canary = { ...canary, startedAtMs: fixture.clock.wallMs() };
  await windows(fixture, 3, { prediction: 'drifted' }, { version: 'v2' });
  t.same(fixture.episodes.list(), []);
  await windows(fixture, 3, { prediction: 'drifted' });
  t.match(fixture.newest(), { state: 'suspected', held: { why: 'suppressed: canary c1 of v2 runs' } });
});

test('one retraining follows another only after the cool-down', async t => {
  const fixture = startFixture(t, { actions, cooldownHours: 24 });
  await windows(fixture, 3, { prediction: 'drifted' });
  await finish(fixture, 'v2');
  t.match(fixture.newest(), { state: 'recovered', quality: { after: {} } });
  fixture.canary = undefined;
  await windows(fixture, 3, { prediction: 'drifted' }, { version: 'v2' });
  t.match(fixture.newest(), { number: 2, state: 'confirmed', held: { why: /^cooling down until 2025-10-21T06:/ } });
  fixture.clock.hold(24 * hourMs);
  await windows(fixture, 1, { prediction: 'drifted' }, { version: 'v2' });
  t.equal(fixture.newest().state, 'retraining');
  t.equal(fixture.control.starts.length, 2);
  t.equal(new Set(fixture.control.starts).size, 2, 'each episode has a token of its own');
});

test('the week’s budget holds when the cool-down does not', async t => {
  const fixture = startFixture(t, { actions, cooldownHours: 0, maxPerWeek: 1 });
  t.same([...fixture.episodes.budgets()], [['rain', 1]]);
  await windows(fixture, 3, { prediction: 'drifted' });
  await finish(fixture, 'v2');
  t.same([...fixture.episodes.budgets()], [['rain', 0]]);
  fixture.canary = undefined;
  await windows(fixture, 3, { prediction: 'drifted' }, { version: 'v2' });
  t.match(fixture.newest(), { state: 'confirmed', held: { why: 'the budget of 1 retrainings a week is spent' } });
  fixture.clock.hold(7 * 24 * hourMs);
  await windows(fixture, 1, { prediction: 'drifted' }, { version: 'v2' });
  t.equal(fixture.newest().state, 'retraining');
});

test('an episode takes one of the budget, however often it asks', async t => {
  const limits = { cooldownHours: 24, maxPerWeek: 2 };
  const budget = retrainBudget(
    memoryState(),
    () => 0,
    () => undefined,
  );
  t.equal(await budget.claim('rain', 'e1', limits), undefined);
  t.equal(await budget.claim('rain', 'e1', limits), undefined, 'as after a restart');
  t.equal(budget.left('rain', limits), 1);
  t.match(await budget.claim('rain', 'e2', limits), /cooling down/);
  t.equal(await budget.claim('snow', 'e3', limits), undefined, 'each model has its own');
});

test('a dry run says exactly what would be done, does nothing, and takes nothing of the budget', async t => {
  const webhook = { kind: 'webhook', url: 'https://train.example/hook', secret: 'a secret of some length' };
  const bus = { kind: 'event', bus: 'ml', region: 'us-east-1' };
  const fixture = startFixture(t, { actions: [pipelineAction, bus, webhook], dryRun: true });
  await windows(fixture, 3, { prediction: 'drifted' });
  const { state, id, timeline } = fixture.newest();
  t.equal(state, 'rehearsed');
  t.equal(
    timeline.at(-1)?.detail,
    `dry run, not done: pipeline rain-retrain in us-east-1, else us-west-2 with CaptureUri=s3://captured/rain/, Episode=${id}; ` +
      'event ml in us-east-1 with capture=s3://captured/rain/, feedback=s3://truths/rain/; ' +
      'webhook https://train.example/hook with capture=s3://captured/rain/, feedback=s3://truths/rain/',
  );
  t.same([fixture.control.starts, fixture.control.events, fixture.posted], [[], [], []]);
  t.same([...fixture.episodes.budgets()], [['rain', 2]]);
  await windows(fixture, 5, { prediction: 'drifted' });
  t.equal(fixture.episodes.list().length, 1, 'said once, not with each window');
  await windows(fixture, 3, { prediction: 'clear' });
  t.equal(fixture.newest().state, 'cleared');
});

test('where approval is asked for a person starts it, and is named', async t => {
  const fixture = startFixture(t, { actions, approval: true });
  await windows(fixture, 3, { prediction: 'drifted' });
  const { id, state } = fixture.newest();
  t.equal(state, 'awaiting-approval');
  await fixture.pass(hourMs / 60);
  t.same(fixture.control.starts, []);
  await fixture.episodes.approve(id, 'anna');
  await fixture.pass(2_000);
  t.match(fixture.newest(), { state: 'retraining', approvedBy: 'anna' });
  await t.rejects(fixture.episodes.approve(id, 'bert'), { status: 409, message: /is retraining/ });
  await t.rejects(fixture.episodes.approve('0123456789ab', 'bert'), { code: 'not-found' });
});

test('what a person puts away does not come back with the next window', async t => {
  const fixture = startFixture(t, { actions, approval: true, cooldownHours: 1 });
  await windows(fixture, 3, { prediction: 'drifted' });
  await fixture.episodes.dismiss(fixture.newest().id, 'anna', 'a holiday');
  await windows(fixture, 10, { prediction: 'drifted' });
  t.match(fixture.newest(), { number: 1, state: 'dismissed' });
  t.match(fixture.newest().timeline.at(-1), { by: 'anna', what: 'dismissed', detail: 'a holiday' });
  await t.rejects(fixture.episodes.dismiss(fixture.newest().id, 'anna', 'again'), { message: /cannot be dismissed/ });
  fixture.clock.hold(hourMs);
  await windows(fixture, 1, { prediction: 'drifted' });
  t.match(fixture.newest(), { number: 2, state: 'awaiting-approval' });
});

test('a person may begin one without evidence, or make one go on', async t => {
  const fixture = startFixture(t, { actions, approval: true });
  await fixture.episodes.trigger({ model: 'rain', scope: 'all' }, 'anna', 'new sensors');
  await fixture.pass(3_000);
  t.match(fixture.newest(), { state: 'retraining', forced: true, openedBy: 'anna', approvedBy: 'anna' });
  await t.rejects(fixture.episodes.trigger({ model: 'rain', scope: 'all' }, 'anna', 'again'), {
    status: 409,
    message: /under way/,
  });
  await t.rejects(fixture.episodes.trigger({ model: 'snow', scope: 'all' }, 'anna', 'x'), { code: 'invalid-request' });
  const other = startFixture(t, { actions });
  await windows(other, 3, { features: 'drifted' });
  await other.episodes.trigger({ model: 'rain', scope: 'all' }, 'bert', 'I know why');
  await other.pass(3_000);
  t.match(other.newest(), { state: 'retraining', number: 1 });
});

test('one that a person begins while time passes is theirs, and not taken for another', async t => {
  const fixture = startFixture(t, { actions });
  const { wallMs } = fixture.clock;
  let readings = 0;
  fixture.clock.wallMs = () => {
    readings += 1;
    return wallMs() + readings;
  };
  const begun = await fixture.episodes.trigger({ model: 'rain', scope: 'all' }, 'anna', 'new sensors');
  t.match(begun, { state: 'confirmed', openedBy: 'anna' });
  t.equal(begun.timeline[0]?.atMs, begun.openedAtMs);
});

test('an approval is for the evidence it was given on: after less of it, a person is asked again', async t => {
  const fixture = startFixture(t, { actions, approval: true, maxPerWeek: 0 });
  await windows(fixture, 3, { features: 'drifted' });
  fixture.options = { ...fixture.options, maxPerWeek: 2 };
  await windows(fixture, 3, { prediction: 'drifted' });
  const { id } = fixture.newest();
  t.equal(fixture.newest().state, 'awaiting-approval');
  await windows(fixture, 3, { prediction: 'clear' });
  t.equal(fixture.newest().state, 'suspected', 'what is left would not have been asked about');
  await windows(fixture, 3, { prediction: 'drifted' });
  fixture.options = { ...fixture.options, maxPerWeek: 0 };
  await fixture.episodes.approve(id, 'anna');
  await fixture.pass(2_000);
  t.match(fixture.newest(), { state: 'confirmed', approvedBy: 'anna', held: { why: /budget/ } });
  await windows(fixture, 3, { prediction: 'clear' });
  t.equal(fixture.newest().state, 'suspected');
  fixture.options = { ...fixture.options, maxPerWeek: 2 };
  await windows(fixture, 3, { prediction: 'drifted' });
  t.match(fixture.newest(), { id, state: 'awaiting-approval' });
  t.same(fixture.control.starts, []);
});
