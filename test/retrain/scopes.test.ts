import { test } from 'tap';
import { retrainBudget } from '../../src/retrain/retrain-budget.ts';
import { notification } from '../helpers/alerts.ts';
import { type Fixture, pipelineAction, startFixture, windows } from '../helpers/episodes.ts';
import { memoryState } from '../helpers/memory-state.ts';

const hourMs = 3_600_000;
const action = { ...pipelineAction, parameters: { CaptureUri: '{capture}', Scope: '{scope}', Episode: '{episode}' } };
const at = (scope: string) => (scope === 'all' ? {} : { scope });
const of = (fixture: Fixture, scope: string) => fixture.episodes.list().find(each => each.scope === scope);

/** So many windows of predictions, by scope. */
async function judged(fixture: Fixture, count: number, levels: Readonly<Record<string, string>>, more: object = {}) {
  for (let window = 0; window < count; window += 1) {
    fixture.clock.advance(60_000);
    for (const [scope, level] of Object.entries(levels)) fixture.window('prediction', level, { ...more, ...at(scope) });
    await fixture.pass(500);
  }
  await fixture.pass(3_000);
}

test('each scope has an episode of its own, which hands over that scope and its places', async t => {
  const fixture = startFixture(t, { actions: [action] });
  await judged(fixture, 3, { all: 'clear', eu: 'drifted', us: 'clear' });
  t.strictSame(
    fixture.episodes.list().map(({ scope, state }) => [scope, state]),
    [['eu', 'retraining']],
  );
  t.match(fixture.control.parameters, [{ CaptureUri: 's3://captured-eu/rain/', Scope: 'eu' }]);
  t.match(fixture.emitted, [{ type: 'episode-changed', scope: 'eu', to: 'suspected' }]);
});

test('windows of two scopes are never counted together', async t => {
  const fixture = startFixture(t, { actions: [action] });
  await judged(fixture, 2, { all: 'clear', eu: 'drifted' });
  await judged(fixture, 2, { eu: 'clear', us: 'drifted' });
  t.strictSame(fixture.episodes.list(), [], 'two of four of each, four of eight');
  await judged(fixture, 1, { us: 'drifted' });
  t.ok(of(fixture, 'us'));
  t.notOk(of(fixture, 'eu'));
});

test('one scope’s drift ends by its own windows, not by those of another or of all', async t => {
  const fixture = startFixture(t, {});
  await judged(fixture, 3, { eu: 'drifted' });
  await judged(fixture, 3, { all: 'clear', us: 'clear' });
  t.equal(of(fixture, 'eu')?.state, 'confirmed');
  await judged(fixture, 3, { eu: 'clear' });
  t.equal(of(fixture, 'eu')?.state, 'cleared');
});

test('a model is retrained once at a time: the other scope waits, and is over when the version is replaced', async t => {
  const fixture = startFixture(t, { actions: [action], cooldownHours: 0, maxPerWeek: 10 });
  await judged(fixture, 3, { all: 'drifted', eu: 'drifted' });
  t.equal(fixture.control.starts.length, 1);
  const first = fixture.episodes.list().find(({ state }) => state === 'retraining');
  const second = fixture.episodes.list().find(({ id }) => id !== first?.id);
  t.match(second, { state: 'confirmed', held: { why: `episode ${first?.id} of the model is under way` } });
  const id = first?.id ?? '';
  await fixture.episodes.retrained('rain', id, { version: 'v2' });
  const startedAtMs = fixture.clock.wallMs();
  fixture.canary = { id: 'c1', version: 'v2', by: id, reason: 'fits', startedAtMs, state: 'promoted' };
  fixture.replaced = ['v1'];
  await fixture.pass(3_000);
  t.equal(fixture.episodes.get(id)?.state, 'recovering');
  t.equal(fixture.episodes.get(second?.id ?? '')?.state, 'confirmed', 'in doubt nothing is done about it');
  await fixture.pass(60_000);
  t.equal(fixture.episodes.get(second?.id ?? '')?.state, 'cleared', 'what drifted is not called any more');
  t.equal(fixture.control.starts.length, 1);
});

test('budget and cool-down are of the model, not of each scope', async t => {
  const fixture = startFixture(t, { actions: [action], cooldownHours: 24, maxPerWeek: 2 });
  await judged(fixture, 3, { eu: 'drifted' });
  await fixture.episodes.dismiss(of(fixture, 'eu')?.id ?? '', 'anna', 'a holiday');
  await judged(fixture, 3, { us: 'drifted' });
  t.match(of(fixture, 'us'), { state: 'confirmed', held: { why: /cooling down/ } });
});

test('two replicas that start two scopes at the same moment start one', async t => {
  const state = memoryState();
  const states = new Map([
    ['e1', 'confirmed'],
    ['e2', 'confirmed'],
  ] as const);
  let now = 0;
  const limits = { cooldownHours: 0, maxPerWeek: 10 };
  const [one, two] = [1, 2].map(() =>
    retrainBudget(
      state,
      () => now,
      id => states.get(id as 'e1'),
    ),
  );
  const answers = await Promise.all([one?.claim('rain', 'e1', limits), two?.claim('rain', 'e2', limits)]);
  t.equal(answers.filter(answer => answer === undefined).length, 1);
  t.match(
    answers.find(answer => answer !== undefined),
    /^episode e[12] of the model is under way/,
  );
  now = 60_001;
  t.equal(await two?.claim('rain', 'e2', limits), undefined, 'one that claimed and then never started holds nobody up');
});

test('drift of a scope or a feature that a reload took away does not stand for ever', async t => {
  const fixture = startFixture(t, {});
  await windows(fixture, 3, { features: 'drifted' }, { scope: 'eu', feature: 'wind' });
  await windows(fixture, 3, { features: 'drifted' }, { feature: 'wind' });
  t.strictSame(
    fixture.episodes.list().map(({ state }) => state),
    ['suspected', 'suspected'],
  );
  fixture.unjudged = ['eu'];
  await fixture.pass(30_000);
  fixture.unjudged = [];
  await fixture.pass(1_000);
  fixture.unjudged = ['eu'];
  await fixture.pass(59_000);
  t.equal(of(fixture, 'eu')?.state, 'suspected', 'as on a replica that has just started, and soon knows better');
  await fixture.pass(3_000);
  t.strictSame([of(fixture, 'eu')?.state, of(fixture, 'all')?.state], ['cleared', 'suspected']);
  fixture.unjudged = ['wind'];
  await fixture.pass(63_000);
  t.equal(of(fixture, 'all')?.state, 'cleared');
});

test('drift that the evaluator told is over when Prometheus judges instead', async t => {
  const fixture = startFixture(t, {});
  await judged(fixture, 3, { all: 'drifted' });
  fixture.options = { ...fixture.options, evaluator: false };
  await fixture.pass(63_000);
  t.equal(of(fixture, 'all')?.state, 'cleared');
});

test('windows of scopes are kept over a restart, each its own', async t => {
  const state = memoryState();
  const before = startFixture(t, {}, { state });
  await judged(before, 2, { all: 'drifted', eu: 'drifted', us: 'clear' });
  await before.episodes.stop();
  const after = startFixture(t, {}, { state, clock: before.clock });
  await judged(after, 1, { eu: 'drifted', us: 'drifted' });
  t.strictSame(
    after.episodes.list().map(({ scope }) => scope),
    ['eu'],
  );
});

test('a promotion begins all scopes anew', async t => {
  const fixture = startFixture(t, {});
  await judged(fixture, 2, { eu: 'drifted' });
  fixture.episodes.hear({
    ...{ type: 'canary-changed', model: 'rain', id: 'c1', stable: 'v0', canary: 'v1', from: 'running' },
    ...{ to: 'promoted', share: 1, by: 'anna', reason: '' },
  });
  await judged(fixture, 1, { eu: 'drifted' });
  t.strictSame(fixture.episodes.list(), []);
});

test('a person may begin one of a scope; of one that the model does not have, nobody', async t => {
  const fixture = startFixture(t, { actions: [action], cooldownHours: 0 });
  t.match(await fixture.episodes.trigger({ model: 'rain', scope: 'eu' }, 'anna', 'new sensors'), { scope: 'eu' });
  await t.rejects(fixture.episodes.trigger({ model: 'rain', scope: 'ap' }, 'anna', 'x'), {
    message: /not served in ap: a scope is one of all, us, eu/,
  });
  await fixture.pass(2_000);
  t.match(fixture.control.parameters, [{ Scope: 'eu' }]);
});

test('what ground truth says of a scope is in its own episode', async t => {
  const fixture = startFixture(t, {});
  const measure = (scope: string, value: number) =>
    fixture.window('performance', 'drifted', { ...at(scope), statistic: 'accuracy-loss', value });
  for (let i = 0; i < 3; i++) {
    fixture.clock.advance(hourMs);
    measure('all', 0.1);
    measure('eu', 0.4);
  }
  await fixture.pass(1_000);
  t.strictSame(
    ['all', 'eu'].map(scope => of(fixture, scope)?.quality.before),
    [{ 'accuracy-loss': 0.1 }, { 'accuracy-loss': 0.4 }],
  );
});

test('an alert of a scope that a reload took away still ends, and opens nothing any more', async t => {
  const fixture = startFixture(t, {});
  const labels = { alertname: 'MeridianPredictionDrift', model: 'rain', monitor: 'prediction', scope: 'eu' };
  t.match(await fixture.episodes.alert(notification({ labels }), 'am'), { opened: 1 });
  fixture.residencies = ['us'];
  t.match(await fixture.episodes.alert(notification({ labels, status: 'resolved' }), 'am'), { added: 1 });
  await fixture.pass(1_000);
  t.equal(of(fixture, 'eu')?.state, 'cleared');
  const other = notification({ labels, fingerprint: 'c9a5b1d2e3f40517' });
  t.match(await fixture.episodes.alert(other, 'am'), { ignored: 1 });
});
