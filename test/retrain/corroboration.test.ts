import { test } from 'tap';
import { pipelineAction, startFixture, windows } from '../helpers/episodes.ts';

const states = (events: readonly { type: string }[]) =>
  events.flatMap(event => (event.type === 'episode-changed' && 'to' in event ? [event.to] : []));

test('feature drift alone warns and retrains nothing', async t => {
  const fixture = startFixture(t, { actions: [pipelineAction] });
  await windows(fixture, 10, { features: 'drifted' });
  t.same(states(fixture.emitted), ['suspected']);
  t.same(fixture.control.starts, []);
  t.match(fixture.newest(), { state: 'suspected', openedBy: 'evaluator', baseline: 'winters', version: 'v1' });
});

test('with prediction drift it retrains', async t => {
  const fixture = startFixture(t, { actions: [pipelineAction] });
  await windows(fixture, 3, { features: 'drifted' });
  await windows(fixture, 3, { prediction: 'drifted' });
  t.same(states(fixture.emitted), ['suspected', 'confirmed', 'retraining']);
  t.equal(fixture.control.starts.length, 1);
});

test('so it does with worse quality', async t => {
  const fixture = startFixture(t, { actions: [pipelineAction] });
  await windows(fixture, 3, { performance: 'drifted' }, { statistic: 'accuracy', value: 0.71 });
  t.equal(fixture.newest().state, 'retraining');
  t.same(fixture.newest().quality.before, { accuracy: 0.71 });
});

test('which monitors suffice, and how many must agree, is configured', async t => {
  const alone = startFixture(t, { confirmedBy: ['features'], actions: [pipelineAction] });
  await windows(alone, 3, { features: 'drifted' });
  t.equal(alone.newest().state, 'retraining');
  const two = startFixture(t, { agreeing: 2, actions: [pipelineAction] });
  await windows(two, 3, { prediction: 'drifted' });
  t.equal(two.newest().state, 'suspected');
  await windows(two, 3, { features: 'drifted' });
  t.equal(two.newest().state, 'retraining');
});

test('data that breaks its constraints never retrains by itself: the model would learn the mistake', async t => {
  const fixture = startFixture(t, { actions: [pipelineAction] });
  await windows(fixture, 5, { 'data-quality': 'drifted' });
  t.equal(fixture.newest().state, 'suspected');
});

test('two windows are chance, and windows of one version say nothing of another', async t => {
  const fixture = startFixture(t, { actions: [pipelineAction] });
  await windows(fixture, 2, { prediction: 'drifted' });
  await windows(fixture, 2, { prediction: 'drifted' }, { version: 'v2' });
  t.same(fixture.episodes.list(), []);
});

test('it ends by itself only after windows in a row below the low mark', async t => {
  const fixture = startFixture(t, { actions: [pipelineAction] });
  await windows(fixture, 3, { features: 'drifted' });
  await windows(fixture, 5, { features: 'between' });
  await windows(fixture, 2, { features: 'clear' });
  t.equal(fixture.newest().state, 'suspected');
  await windows(fixture, 1, { features: 'clear' });
  t.equal(fixture.newest().state, 'cleared');
  await windows(fixture, 3, { features: 'drifted' });
  t.match(fixture.newest(), { state: 'suspected', number: 2 }, 'the next drift is another episode');
});

test('a model without retrain has no episodes, and one without actions only warns', async t => {
  const none = startFixture(t);
  none.window('prediction', 'drifted', { model: 'snow' });
  await windows(none, 3, { prediction: 'drifted' });
  t.match(none.newest(), { model: 'rain', state: 'confirmed', held: { why: 'no retrain.actions are configured' } });
  t.equal(none.episodes.list().length, 1);
});

test('where Prometheus judges, the gateway does not', async t => {
  const fixture = startFixture(t, { evaluator: false, actions: [pipelineAction] });
  await windows(fixture, 5, { features: 'drifted', prediction: 'drifted' });
  t.same(fixture.episodes.list(), []);
});

test('a promotion forgets the windows before it: the baseline is another', async t => {
  const fixture = startFixture(t, { actions: [pipelineAction] });
  await windows(fixture, 2, { prediction: 'drifted' });
  const canary = {
    model: 'rain',
    id: 'c1',
    stable: 'v0',
    canary: 'v1',
    from: 'stepping',
    share: 1,
    by: 'anna',
    reason: '',
  };
  fixture.episodes.hear({ type: 'canary-changed', to: 'promoted', ...canary });
  await windows(fixture, 1, { prediction: 'drifted' });
  t.same(fixture.episodes.list(), []);
});
