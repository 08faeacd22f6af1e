import { test } from 'tap';
import { narrator } from '../../src/cli/narrate.ts';
import type { GatewayEvent } from '../../src/core/events.ts';

const drift = (version: string): GatewayEvent => ({
  type: 'drift-judged',
  model: 'rain',
  version,
  monitor: 'features',
  feature: 'wind',
  statistic: 'psi',
  value: 0.72,
  level: 'drifted',
  sample: 343,
  windowEndsAt: 0,
});
const canary = (to: string): GatewayEvent => ({
  type: 'canary-changed',
  model: 'rain',
  id: 'r1-1',
  stable: 'winter',
  canary: 'r1',
  from: undefined,
  to,
  share: 0.1,
  by: 'gateway',
  reason: 'a new version',
});

test('a version on trial is compared with the other one, so its drift from the old baseline is no news', t => {
  const story = narrator(() => 0.2);
  t.equal(story.line(canary('stepping')), 'canary       rain r1 stepping, 10 %: a new version');
  t.equal(story.line(drift('r1')), undefined);
  t.match(
    story.line(drift('winter')),
    /^drift {8}rain winter: features wind, psi 0.720 \(mark 0.2\) over 343 records$/,
  );
  t.equal(story.line(drift('winter')), undefined, 'told once');
  story.line(canary('promoted'));
  t.match(story.line(drift('r1')), /^drift {8}rain r1/, 'in charge, it counts');
  t.end();
});

test('an alarm of the online detector and the windows that confirm it are two links', t => {
  const story = narrator(() => undefined);
  const worse = { ...drift('winter'), monitor: 'performance', feature: undefined } as GatewayEvent & {
    type: 'drift-judged';
  };
  const alarm: GatewayEvent = { ...worse, statistic: 'page-hinkley', value: 20.25, window: 'stream' };
  t.match(story.line(alarm), /rain winter: errors become more, page-hinkley 20.250 over 343 truths$/);
  t.equal(story.line(alarm), undefined);
  t.match(
    story.line({ ...worse, statistic: 'accuracy-loss' }),
    /rain winter: performance, accuracy-loss 0.720 over 343 truths$/,
  );
  t.match(story.line({ ...worse, monitor: 'prediction', feature: 'prediction' }), /winter: prediction, psi/);
  t.end();
});

test('what an episode does is cut to what a person takes in', t => {
  const story = narrator(() => undefined);
  const reason = `pipeline rain-retrain in us-west-2 with ${'CaptureUri=s3://somewhere/long, '.repeat(10)}`;
  const changed = { type: 'episode-changed', model: 'rain', id: '0', scope: 'all', from: 'confirmed' } as const;
  const line = story.line({ ...changed, to: 'retraining', by: 'gateway', reason, version: 'v1', execution: undefined });
  t.match(line, /^episode {6}rain retraining: pipeline rain-retrain in us-west-2 with .*…$/);
  t.ok((line?.length ?? 0) < 140);
  t.end();
});

test('a scope is told apart from all, each once', t => {
  const story = narrator(() => undefined);
  t.match(story.line(drift('v1')), /features wind, psi/);
  t.match(story.line({ ...drift('v1'), scope: 'eu' } as GatewayEvent), /features wind \(eu\), psi/);
  t.equal(story.line({ ...drift('v1'), scope: 'all' } as GatewayEvent), undefined);
  const episode = {
    type: 'episode-changed',
    model: 'rain',
    id: 'e',
    from: undefined,
    to: 'suspected',
    by: 'evaluator',
  };
  const more = { reason: 'wind', version: 'v1', execution: undefined };
  t.match(story.line({ ...episode, ...more, scope: 'eu' } as GatewayEvent), /rain \(eu\) suspected/);
  t.match(story.line({ ...episode, ...more, scope: 'all' } as GatewayEvent), /rain suspected/);
  t.end();
});
