import { test } from 'tap';
import { showBriefly, showEpisode } from '../../src/retrain/show-episode.ts';
import { notification } from '../helpers/alerts.ts';
import { pipelineAction, startFixture, windows } from '../helpers/episodes.ts';

const hourMs = 3_600_000;
const actions = [pipelineAction];

test('the whole chain: drift, pipeline, version, canary, promotion, recovery', async t => {
  const fixture = startFixture(t, { actions, pollSeconds: 1 });
  await windows(fixture, 3, { prediction: 'drifted' });
  await windows(fixture, 1, { performance: 'between' }, { statistic: 'accuracy', value: 0.72 });
  const { id, execution } = fixture.newest();
  const arn = execution?.arn ?? '';
  fixture.control.executions.set(arn, { status: 'Succeeded', why: undefined });
  await fixture.pass(3_000);
  t.equal(fixture.newest().state, 'retrained');
  t.equal(await fixture.episodes.retrained('rain', id, { version: 'r1', packageArn: 'arn:package/1' }), true);
  const canary = { id: 'c1', version: 'r1', startedAtMs: fixture.clock.wallMs(), by: 'gateway' };
  fixture.canary = { ...canary, state: 'running', reason: 'step 1' };
  await fixture.pass(1_000);
  t.equal(fixture.newest().state, 'canarying');
  await t.rejects(fixture.episodes.dismiss(id, 'anna', 'x'), { message: /abort its canary/ });
  await fixture.pass(30 * 60_000);
  fixture.canary = { ...canary, state: 'promoted', reason: 'all steps passed' };
  await fixture.pass(1_000);
  t.equal(fixture.newest().state, 'recovering');
  await windows(fixture, 3, { prediction: 'clear' });
  t.equal(fixture.newest().state, 'recovering', 'windows of the old version prove nothing');
  await windows(fixture, 3, { features: 'clear' }, { version: 'r1' });
  t.equal(fixture.newest().state, 'recovering', 'so do inputs that fit: it was predictions that had drifted');
  await windows(fixture, 1, { performance: 'clear' }, { version: 'r1', statistic: 'accuracy', value: 0.86 });
  await windows(fixture, 3, { prediction: 'clear' }, { version: 'r1' });
  const episode = fixture.newest();
  t.match(showEpisode(episode), {
    state: 'recovered',
    version: 'v1',
    newVersion: 'r1',
    pipeline: { arn, status: 'Succeeded', region: 'us-east-1' },
    result: { version: 'r1', packageArn: 'arn:package/1' },
    canary: { id: 'c1', version: 'r1' },
    verdict: { outcome: 'promoted', reason: 'all steps passed' },
    quality: { before: { accuracy: 0.72 }, after: { accuracy: 0.86 } },
  });
  t.same(
    episode.timeline.map(({ what }) => what),
    [
      'suspected',
      'confirmed',
      'retraining',
      'action done',
      'pipeline Succeeded',
      'retrained',
      'canarying',
      'recovering',
      'recovered',
    ],
  );
  t.same(
    fixture.emitted.flatMap(event => (event.type === 'episode-changed' ? [`${event.from} ${event.to}`] : [])),
    [
      'undefined suspected',
      'suspected confirmed',
      'confirmed retraining',
      'retraining retrained',
      'retrained canarying',
      'canarying recovering',
      'recovering recovered',
    ],
  );
});

test('a list tells what became of an episode, not what more drifted since', async t => {
  const fixture = startFixture(t, { actions, dryRun: true });
  await windows(fixture, 3, { prediction: 'drifted' });
  await windows(fixture, 3, { features: 'drifted' });
  const episode = fixture.newest();
  t.equal(episode.timeline.at(-1)?.what, 'evidence');
  t.match(showBriefly(episode), { state: 'rehearsed', last: /^dry run, not done: / });
});

test('a canary that is rolled back ends the episode with its verdict', async t => {
  const fixture = startFixture(t, { actions });
  await windows(fixture, 3, { prediction: 'drifted' });
  const { id } = fixture.newest();
  fixture.canary = {
    id: 'c1',
    version: 'r1',
    startedAtMs: fixture.clock.wallMs(),
    by: `episode ${id}`,
    state: 'rolled-back',
    reason: 'errors: e-value 31',
  };
  await fixture.pass(1_000);
  t.match(fixture.newest(), { state: 'failed', verdict: { outcome: 'rolled-back', reason: 'errors: e-value 31' } });
});

test('another canary, or one from before, is not the episode’s', async t => {
  const fixture = startFixture(t, { actions });
  await windows(fixture, 3, { prediction: 'drifted' });
  await fixture.episodes.retrained('rain', fixture.newest().id, { version: 'r1' });
  const canary = { id: 'c0', by: 'anna', state: 'promoted' as const, reason: '' };
  fixture.canary = { ...canary, version: 'r1', startedAtMs: fixture.newest().openedAtMs - 1 };
  await fixture.pass(1_000);
  t.equal(fixture.newest().state, 'retrained');
  fixture.canary = { ...canary, version: 'v9', startedAtMs: fixture.clock.wallMs() };
  await fixture.pass(1_000);
  t.equal(fixture.newest().state, 'retrained');
});

test('a pipeline that fails, and one that never ends, end the episode', async t => {
  const fixture = startFixture(t, { actions, pollSeconds: 1, timeoutHours: 1 });
  await windows(fixture, 3, { prediction: 'drifted' });
  fixture.control.executions.set(fixture.newest().execution?.arn ?? '', { status: 'Failed', why: 'no data' });
  await fixture.pass(3_000);
  t.match(fixture.newest(), { state: 'failed', execution: { status: 'Failed' } });
  t.ok(fixture.newest().timeline.some(({ detail }) => detail === 'no data'));
  const endless = startFixture(t, { actions, timeoutHours: 1 });
  await windows(endless, 3, { prediction: 'drifted' });
  endless.clock.hold(hourMs);
  await endless.pass(1_000);
  t.equal(endless.newest().timeline.at(-1)?.detail, 'no new version was there within 1 hours');
  t.equal(endless.newest().state, 'failed');
});

test('a version nobody tries ends it too', async t => {
  const fixture = startFixture(t, { actions, timeoutHours: 1 });
  await windows(fixture, 3, { prediction: 'drifted' });
  await fixture.episodes.retrained('rain', fixture.newest().id, { packageArn: 'arn:package/1' });
  fixture.clock.hold(hourMs);
  await fixture.pass(1_000);
  t.match(fixture.newest(), { state: 'failed', result: { packageArn: 'arn:package/1' } });
  t.equal(await fixture.episodes.retrained('rain', fixture.newest().id, { version: 'r1' }), false, 'too late');
});

test('a promoted version that drifts as well is told', async t => {
  const fixture = startFixture(t, { actions, recoveryHours: 1 });
  await windows(fixture, 3, { prediction: 'drifted' });
  await fixture.episodes.retrained('rain', fixture.newest().id, { version: 'r1' });
  const startedAtMs = fixture.clock.wallMs();
  fixture.canary = { id: 'c1', version: 'r1', by: '', startedAtMs, state: 'promoted', reason: '' };
  await fixture.pass(1_000);
  await windows(fixture, 3, { performance: 'drifted' }, { version: 'r1' });
  fixture.clock.hold(hourMs);
  await fixture.pass(1_000);
  t.match(fixture.newest(), { state: 'failed' });
  t.match(fixture.newest().timeline.at(-1)?.detail, 'performance drift on');
});

test('when nothing is judged after a promotion, time ends it and says so', async t => {
  const fixture = startFixture(t, { actions, recoveryHours: 1 });
  await windows(fixture, 3, { prediction: 'drifted' });
  await fixture.episodes.retrained('rain', fixture.newest().id, { version: 'r1' });
  const startedAtMs = fixture.clock.wallMs();
  fixture.canary = { id: 'c1', version: 'r1', by: '', startedAtMs, state: 'promoted', reason: '' };
  await fixture.pass(1_000);
  fixture.clock.hold(hourMs);
  await fixture.pass(1_000);
  t.match(fixture.newest().timeline.at(-1), { what: 'recovered', detail: /^too little was judged/ });
});

test('a canary whose end nobody saw does not hold the model for ever', async t => {
  const fixture = startFixture(t, { actions });
  await windows(fixture, 3, { prediction: 'drifted' });
  await fixture.episodes.retrained('rain', fixture.newest().id, { version: 'r1' });
  const startedAtMs = fixture.clock.wallMs();
  fixture.canary = { id: 'c1', version: 'r1', by: '', startedAtMs, state: 'running', reason: '' };
  await fixture.pass(1_000);
  fixture.canary = { id: 'c0', version: 'v9', by: 'anna', startedAtMs: startedAtMs - 1, state: 'promoted', reason: '' };
  await fixture.pass(1_000);
  t.equal(fixture.newest().state, 'canarying', 'one from before, of a replica that is behind, is nothing to go by');
  await fixture.pass(60_000);
  fixture.canary = { ...fixture.canary, id: 'c2', startedAtMs: fixture.clock.wallMs(), state: 'running' };
  await fixture.pass(1_000);
  t.equal(fixture.newest().state, 'failed');
  t.equal(fixture.newest().timeline.at(-1)?.detail, 'canary c2 of v9 has begun, and how c1 ended was not seen');
});

test('where Prometheus judges, that an alert of the old version ends proves nothing of the new one', async t => {
  const fixture = startFixture(t, { actions, evaluator: false, recoveryHours: 1 });
  const labels = { model: 'rain', monitor: 'prediction', version: 'v1' };
  await fixture.episodes.alert(notification({ labels }), 'a');
  await fixture.pass(3_000);
  await fixture.episodes.retrained('rain', fixture.newest().id, { version: 'r1' });
  const startedAtMs = fixture.clock.wallMs();
  fixture.canary = { id: 'c1', version: 'r1', by: '', startedAtMs, state: 'promoted', reason: '' };
  fixture.replaced = ['v1'];
  await fixture.pass(1_000);
  await fixture.episodes.alert(notification({ labels, status: 'resolved' }), 'a');
  await fixture.pass(1_000);
  t.equal(fixture.newest().state, 'recovering');
  fixture.clock.hold(hourMs);
  await fixture.pass(1_000);
  t.match(fixture.newest().timeline.at(-1), { what: 'recovered', detail: /^no alert told of drift within 1 hours/ });
  t.match(await fixture.episodes.alert(notification({ labels }), 'a'), { ignored: 1 }, 'nor does it begin anew');
});

test('a model of a hundred statistics recovers as one of three does', async t => {
  const fixture = startFixture(t, { actions, confirmedBy: ['features'] });
  const features = Array.from({ length: 100 }, (_, index) => `f${index}`);
  const judged = async (level: string, version: string) => {
    for (let window = 0; window < 3; window += 1) {
      fixture.clock.advance(60_000);
      for (const feature of features) fixture.window('features', level, { feature, version });
      await fixture.pass(500);
    }
    await fixture.pass(3_000);
  };
  await judged('drifted', 'v1');
  await fixture.episodes.retrained('rain', fixture.newest().id, { version: 'r1' });
  const startedAtMs = fixture.clock.wallMs();
  fixture.canary = { id: 'c1', version: 'r1', by: '', startedAtMs, state: 'promoted', reason: '' };
  await fixture.pass(1_000);
  await judged('clear', 'r1');
  t.equal(fixture.newest().state, 'recovered');
  t.match(fixture.newest().timeline.at(-1)?.detail, 'features of the new version: below the low marks');
});
