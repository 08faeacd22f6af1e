import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { test } from 'tap';
import { seededRandom } from '../../src/core/random.ts';
import type { News } from '../../src/retrain/door.ts';
import { createEvaluator } from '../../src/retrain/evaluator.ts';
import { retrainOptions } from '../helpers/episodes.ts';

const hour = 3_600_000;
const levels = ['clear', 'between', 'drifted'] as const;
type Level = (typeof levels)[number];

/** An evaluator that hears windows of `rain`, and what it says of each feature. */
function listener(clock = { nowMs: 0 }) {
  const options = retrainOptions();
  const told: News[] = [];
  const standing = new Map<string, boolean>();
  const { hear } = createEvaluator({
    nowMs: () => clock.nowMs,
    options: () => options,
    onTrial: () => undefined,
    kept: () => undefined,
    keep: () => {},
    tell: news => {
      told.push(news);
      standing.set(`${news.evidence.feature ?? ''}@${news.scope}`, news.evidence.active);
    },
    measured: () => {},
  });
  const window = (feature: string | undefined, level: Level, windowEndsAt: number, more: object = {}) =>
    hear({
      type: 'drift-judged',
      ...{ model: 'rain', version: 'v1', monitor: 'features', feature, statistic: 'psi', value: 0.1, level },
      ...{ sample: 1_000, windowEndsAt },
      ...more,
    });
  return { clock, told, standing, window };
}

test('the built-in evaluator and the shipped rules say the same of the same windows', async t => {
  const random = seededRandom(41);
  const [features, windows] = [24, 30];
  const scopes = ['all', 'eu', 'us'];
  const evaluator = listener();
  const series: string[] = [];
  const expected: string[][] = Array.from({ length: windows }, () => []);
  for (let feature = 0; feature < features; feature++) {
    // The same features in every scope: whoever mixes them up says something else.
    const [name, scope = 'all'] = [`f${Math.floor(feature / scopes.length)}`, scopes[feature % scopes.length]];
    const values: string[] = [];
    let level: Level = 'clear';
    for (let index = 0; index < windows; index++) {
      // They stay as they are now and then, as real ones do: else drift hardly ever begins.
      if (random() < 0.55) level = levels[Math.floor(random() * 3)] as Level;
      values.push(`${levels.indexOf(level)}x59`);
      evaluator.clock.nowMs = (index + 1) * hour;
      evaluator.window(name, level, (index + 1) * hour, { scope });
      if (evaluator.standing.get(`${name}@${scope}`)) expected[index]?.push(`feature="${name}",scope="${scope}"`);
    }
    const labels = `model="rain",version="v1",scope="${scope}",monitor="features",feature="${name}",window="tumbling"`;
    // Rules look at the whole hours: a window counts there from the end of the hour in which it is shown.
    values.push(values.at(-1) ?? '');
    const shown = `meridian_drift_level{${labels}}`;
    series.push(`      - { series: '${shown}', values: '_ ${values.join(' ')}' }`);
  }
  t.ok(expected.flat().length > 100 && expected.flat().length < features * windows - 100, 'both happen');
  const queries = expected.flatMap((names, index) => [
    `      - expr: 'count by (feature, scope) (ALERTS{alertname="MeridianFeatureDrift",alertstate="firing"})'`,
    `        eval_time: ${(index + 1) * 60 + 30}m`,
    '        exp_samples:',
    ...names.map(name => `          - { labels: '{${name}}', value: 1 }`),
  ]);
  const file = join(t.testdir(), 'same.yml');
  writeFileSync(
    file,
    [
      `rule_files: [${resolve('config/prometheus/rules/drift.yml')}]`,
      'evaluation_interval: 5m',
      'group_eval_order: [drift-windows, drift, retraining]',
      'tests:',
      '  - interval: 1m',
      '    input_series:',
      ...series,
      '    promql_expr_test:',
      ...queries,
    ].join('\n'),
  );
  await t.resolves(promisify(execFile)('promtool', ['test', 'rules', file]), 'promtool agrees');
});

test('windows that slide show the same records again: a brief burst is no drift', async t => {
  const { clock, told, window } = listener();
  for (let pane = 1; pane <= 12; pane++) {
    clock.nowMs = pane * 300_000;
    window('wind', 'drifted', clock.nowMs, { window: 'sliding' });
  }
  window('wind', 'drifted', clock.nowMs, { window: 'tumbling' });
  t.strictSame(told, []);
});

test('single alarms of the online detector never add up to a retraining, however many years apart', async t => {
  const { clock, told, window } = listener();
  for (let year = 1; year <= 5; year++) {
    clock.nowMs = year * 8_766 * hour;
    window(undefined, 'drifted', clock.nowMs, { monitor: 'performance', statistic: 'page-hinkley', window: 'stream' });
  }
  t.strictSame(told, []);
});

test('drift ends by windows that are clear, whichever statistic they are judged by', async t => {
  const { clock, standing, window } = listener();
  const pass = (level: Level, statistic: string) => {
    clock.nowMs += hour;
    window('wind', level, clock.nowMs, { monitor: 'data-quality', statistic });
  };
  for (let i = 0; i < 3; i++) pass('drifted', 'completeness_check');
  t.equal(standing.get('wind@all'), true);
  for (let i = 0; i < 3; i++) pass('clear', 'data_type_check');
  t.equal(standing.get('wind@all'), false);
});

test('after the clock was ahead and is set back, windows count again at once', async t => {
  const { clock, standing, window } = listener();
  clock.nowMs = 8_766 * hour;
  window('wind', 'clear', clock.nowMs);
  for (let i = 1; i <= 3; i++) {
    clock.nowMs = i * hour;
    window('wind', 'drifted', clock.nowMs);
  }
  t.equal(standing.get('wind@all'), true);
});

test('windows of an outage neither begin drift, then or later, nor end it', async t => {
  const { clock, told, standing, window } = listener();
  const pass = (feature: string, level: Level, disturbed: boolean) => {
    clock.nowMs += hour;
    window(feature, level, clock.nowMs, { disturbed });
  };
  for (let i = 0; i < 3; i++) pass('wind', 'drifted', true);
  pass('wind', 'between', false);
  t.strictSame(told, []);
  for (let i = 0; i < 3; i++) pass('rain', 'drifted', false);
  for (let i = 0; i < 3; i++) pass('rain', 'clear', true);
  t.equal(standing.get('rain@all'), true);
});
