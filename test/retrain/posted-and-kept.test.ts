import fc from 'fast-check';
import { test } from 'tap';
import { newsOf } from '../../src/retrain/alertmanager.ts';
import { confirms, drifting, type Evidence, monitors, withEvidence } from '../../src/retrain/evidence.ts';
import { decodeEpisode, encodeEpisode } from '../../src/retrain/record.ts';
import { notification } from '../helpers/alerts.ts';
import { pipelineAction, startFixture, windows } from '../helpers/episodes.ts';

test('whatever is posted is news, nothing, or no notification; it never throws', async t => {
  const alert = fc.record(
    {
      status: fc.constantFrom('firing', 'resolved', 'other'),
      labels: fc.dictionary(fc.constantFrom('model', 'monitor', 'scope', '__proto__', 'constructor'), fc.string()),
      startsAt: fc.oneof(fc.string(), fc.constant('2025-10-20T06:00:00Z')),
      fingerprint: fc.oneof(fc.string(), fc.constant('c9a5')),
    },
    { requiredKeys: [] },
  );
  const body = fc.oneof(
    fc.anything(),
    fc.record({ version: fc.constantFrom('4', '3'), alerts: fc.oneof(fc.anything(), fc.array(alert)) }),
  );
  fc.assert(
    fc.property(body, posted => {
      const news = newsOf(posted, 'a', 1_000);
      return news === undefined || news.every(({ evidence }) => monitors.includes(evidence.monitor));
    }),
    { numRuns: 1_000 },
  );
  t.pass();
});

test('an alert’s labels say whom it is about; those that lack them are passed over', async t => {
  const labels = { alertname: 'A', model: 'rain', monitor: 'features', feature: 'wind', version: 'v1', scope: 'eu' };
  t.match(newsOf(notification({ labels }), 'prod', 5), [
    {
      model: 'rain',
      scope: 'eu',
      by: 'alertmanager (prod)',
      evidence: { monitor: 'features', feature: 'wind', version: 'v1', statistic: 'A', atMs: 5, active: true },
    },
  ]);
  for (const lacking of [{ model: 'rain' }, { monitor: 'features' }, { model: 'rain', monitor: 'weather' }])
    t.same(newsOf(notification({ labels: lacking }), 'prod', 5), []);
  t.same(newsOf(notification({ labels, startsAt: 'yesterday' }), 'prod', 5), []);
});

test('a scope of its own is an episode of its own; one that no target is in is ignored', async t => {
  const fixture = startFixture(t, { dryRun: true, actions: [pipelineAction] });
  const labels = { model: 'rain', monitor: 'features' };
  await fixture.episodes.alert(notification({ labels }), 'a');
  await fixture.episodes.alert(notification({ labels: { ...labels, scope: 'eu' }, fingerprint: 'eeee' }), 'a');
  const nowhere = notification({ labels: { ...labels, scope: 'atlantis/all' }, fingerprint: 'aaaa' });
  t.same(await fixture.episodes.alert(nowhere, 'a'), { opened: 0, added: 0, ignored: 1 });
  const scopes = fixture.episodes.list().map(({ scope }) => scope);
  t.same(scopes.toSorted(), ['all', 'eu']);
});

test('a record is read back as it was written, and anything else is none', async t => {
  const fixture = startFixture(t, { actions: [pipelineAction] });
  await windows(fixture, 4, { prediction: 'drifted' });
  const text = encodeEpisode(fixture.newest());
  const read = decodeEpisode(text);
  t.equal(read && encodeEpisode(read), text);
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), garbage => decodeEpisode(garbage) === undefined));
  fc.assert(
    fc.property(fc.nat(text.length - 1), at => {
      const broken = decodeEpisode(text.slice(0, at));
      return broken === undefined;
    }),
  );
});

const evidence: fc.Arbitrary<Evidence> = fc.record({
  key: fc.integer({ min: 0, max: 200 }).map(String),
  source: fc.constantFrom('evaluator', 'alertmanager'),
  monitor: fc.constantFrom(...monitors),
  version: fc.constant('v1'),
  feature: fc.constant(undefined),
  statistic: fc.constant('psi'),
  value: fc.constant(0.2),
  sample: fc.constant(1_000),
  atMs: fc.nat(1_000),
  active: fc.boolean(),
});

test('evidence stays small, one of a kind, and the newest of it', async t => {
  fc.assert(
    fc.property(fc.array(evidence, { maxLength: 300 }), all => {
      let kept: readonly Evidence[] = [];
      for (const each of all) {
        const before = kept.find(({ key }) => key === each.key);
        kept = withEvidence(kept, each);
        const after = kept.find(({ key }) => key === each.key);
        if (before !== undefined && (after === undefined || after.atMs < before.atMs)) return false;
      }
      return kept.length <= 60 && new Set(kept.map(({ key }) => key)).size === kept.length;
    }),
  );
  t.pass();
});

test('more evidence never takes a confirmation back, and what is old never gives one', async t => {
  fc.assert(
    fc.property(
      fc.array(evidence, { maxLength: 30 }),
      evidence,
      fc.integer({ min: 1, max: 4 }),
      (all, more, agreeing) => {
        const rule = { confirmedBy: ['prediction', 'performance'] as const, agreeing };
        const before = confirms(all, rule);
        const after = confirms([...all, { ...more, active: true }], rule);
        const later = confirms(all, rule, 1_001);
        return (!before || after) && !later && (!before || drifting(all).size >= agreeing);
      },
    ),
  );
  t.pass();
});
