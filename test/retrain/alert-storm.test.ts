import { test } from 'tap';
import { confirms } from '../../src/retrain/evidence.ts';
import { encodeEpisode } from '../../src/retrain/record.ts';
import { notification } from '../helpers/alerts.ts';
import { pipelineAction, startFixture, windows } from '../helpers/episodes.ts';

const labels = { model: 'rain', monitor: 'features', version: 'v1' };

/** One notification of so many alerts, each of another feature. */
function storm(count: number, more: object = {}): object {
  const [alert] = (notification({ labels }) as { alerts: object[] }).alerts;
  const alerts = Array.from({ length: count }, (_, index) => ({
    ...alert,
    labels: { ...labels, feature: `f${index}`, ...more },
    fingerprint: index.toString(16).padStart(16, '0'),
  }));
  return { ...notification({ labels }), alerts };
}

test('ten thousand alerts in one notification are one episode of a bounded size, and are heard once', async t => {
  const fixture = startFixture(t, { dryRun: true, actions: [pipelineAction] });
  const first = await fixture.episodes.alert(storm(10_000), 'a');
  t.match(first, { opened: 1, added: 14 }, 'the rest tells nothing new');
  t.equal(fixture.episodes.list().length, 1);
  t.ok(encodeEpisode(fixture.newest()).length < 20_000);
  const told = fixture.newest().timeline.length;
  await fixture.episodes.alert(storm(10_000), 'a');
  t.equal(fixture.newest().timeline.length, told, 'what is repeated is no story');
});

test('however many inputs drift, what confirms it stays', async t => {
  const fixture = startFixture(t, { dryRun: true, actions: [pipelineAction] });
  await windows(fixture, 3, { prediction: 'drifted' });
  fixture.clock.advance(60_000);
  await fixture.episodes.alert(storm(500), 'a');
  await fixture.pass(2_000);
  t.equal(fixture.newest().state, 'rehearsed');
  t.ok(confirms(fixture.newest().evidence, fixture.options));
});

test('labels of a megabyte are cut before they are kept', async t => {
  const fixture = startFixture(t, { dryRun: true, actions: [pipelineAction] });
  const long = 'x'.repeat(1_000_000);
  await fixture.episodes.alert(storm(1, { feature: long, statistic: long }), 'a');
  t.equal(fixture.newest().evidence[0]?.feature?.length, 200);
  t.ok(encodeEpisode(fixture.newest()).length < 2_000);
});

test('names of prototypes and of models that are not there open nothing', async t => {
  const fixture = startFixture(t, { dryRun: true, actions: [pipelineAction] });
  for (const model of ['__proto__', 'constructor', 'toString', 'nobody', '', long(10_000)])
    t.same(await fixture.episodes.alert(storm(1, { model }), 'a'), { opened: 0, added: 0, ignored: 1 }, model);
  t.same(fixture.episodes.list(), []);
});

function long(length: number): string {
  return 'm'.repeat(length);
}

test('an alert of a version that nobody calls any more, or that is on trial, opens nothing', async t => {
  const fixture = startFixture(t, { dryRun: true, actions: [pipelineAction] });
  fixture.replaced = ['v0'];
  fixture.canary = {
    id: 'c1',
    version: 'r1',
    by: '',
    startedAtMs: fixture.clock.wallMs(),
    state: 'running',
    reason: '',
  };
  for (const version of ['v0', 'r1'])
    t.same(await fixture.episodes.alert(storm(1, { version }), 'a'), { opened: 0, added: 0, ignored: 1 }, version);
  t.match(await fixture.episodes.alert(storm(1), 'a'), { opened: 1 });
});
