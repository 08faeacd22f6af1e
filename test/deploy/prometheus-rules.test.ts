import { execFile } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Test, test } from 'tap';
import { parse, stringify } from 'yaml';
import {
  configRoot,
  type MonitoringRule,
  type RuleFile,
  ruleFiles,
  runTool,
  shippedRules,
} from '../helpers/monitoring.ts';

interface RuleTests {
  readonly tests: readonly {
    readonly alert_rule_test?: readonly { readonly alertname: string; readonly exp_alerts?: readonly unknown[] }[];
    readonly promql_expr_test?: readonly { readonly expr: string; readonly exp_samples?: readonly unknown[] }[];
  }[];
}

const testsDir = join(configRoot, 'prometheus/tests');
const testFiles = readdirSync(testsDir);
const cases = testFiles.flatMap(name => (parse(readFileSync(join(testsDir, name), 'utf8')) as RuleTests).tests);
const alerts = shippedRules.filter(({ alert }) => alert !== undefined);

test('promtool takes the config and every rule', async t => {
  const { ok, said } = runTool('promtool', ['check', 'config', '--syntax-only', 'prometheus/prometheus.yml']);
  t.ok(ok, said);
  for (const name of ruleFiles.keys()) {
    const checked = runTool('promtool', ['check', 'rules', `prometheus/rules/${name}`]);
    t.ok(checked.ok, checked.said);
  }
});

test('every rule does what its unit tests say', async t => {
  for (const name of testFiles) {
    const { ok, said } = runTool('promtool', ['test', 'rules', `prometheus/tests/${name}`]);
    t.ok(ok, said);
  }
});

/** Whether a test of this rule file fails once the rule file says this. The quickest first. */
async function isNoticed(t: Test, name: string, changed: RuleFile): Promise<boolean> {
  const dir = mkdtempSync(join(tmpdir(), 'meridian-rules-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  for (const folder of ['rules', 'tests']) mkdirSync(join(dir, folder));
  writeFileSync(join(dir, 'rules', name), stringify(changed));
  const own = testFiles.filter(file => readFileSync(join(testsDir, file), 'utf8').includes(`../rules/${name}]`));
  for (const file of own.toSorted((a, b) => statSync(join(testsDir, a)).size - statSync(join(testsDir, b)).size)) {
    copyFileSync(join(testsDir, file), join(dir, 'tests', file));
    const passed = await promisify(execFile)('promtool', ['test', 'rules', `tests/${file}`], { cwd: dir }).then(
      () => true,
      () => false,
    );
    if (!passed) return true;
  }
  return false;
}

test('no alert can lose its wait without a test that fails', async t => {
  const files = [...ruleFiles].map(async ([name, file]) => {
    const waiting = file.groups.flatMap(({ rules }) => rules.filter(rule => rule.for !== undefined));
    for (const { alert = '' } of waiting) {
      const hasty = ({ for: wait, ...rule }: MonitoringRule) =>
        rule.alert === alert || wait === undefined ? rule : { ...rule, for: wait };
      const groups = file.groups.map(group => ({ ...group, rules: group.rules.map(hasty) }));
      t.ok(await isNoticed(t, name, { groups }), alert);
    }
  });
  await Promise.all(files);
  const [cost] = [...ruleFiles].filter(([name]) => name === 'cost.yml');
  t.equal(cost && (await isNoticed(t, ...cost)), false, 'rules as they are fail none');
});

test('every alert is seen to fire and not to fire, every recorded series to have a value', async t => {
  const told = cases.flatMap(({ alert_rule_test: each = [] }) => each);
  for (const { alert } of alerts) {
    const own = told.filter(({ alertname }) => alertname === alert);
    t.ok(
      own.some(({ exp_alerts: expected = [] }) => expected.length > 0),
      `${alert} fires`,
    );
    if (alert !== 'MeridianWatchdog') {
      const quiet = own.some(({ exp_alerts: expected = [] }) => expected.length === 0);
      const spares = own.some(({ exp_alerts: expected = [] }) => expected.length === 1);
      t.ok(quiet || spares, `${alert} spares what is well`);
    }
  }
  const asked = cases.flatMap(({ promql_expr_test: each = [] }) => each);
  for (const { record = '' } of shippedRules.filter(each => each.record !== undefined))
    t.ok(
      asked.some(({ expr, exp_samples: samples = [] }) => expr.includes(record) && samples.length > 0),
      record,
    );
});

test('only three things page: callers feel it, the next failure would be felt, the gateway is away', async t => {
  const paging = alerts.filter(({ labels }) => labels?.['severity'] === 'page').map(({ alert }) => alert);
  t.same(paging.toSorted(), [
    'MeridianBurningAnswered',
    'MeridianBurningByModel',
    'MeridianDown',
    'MeridianRedundancyGone',
  ]);
  for (const { alert = '', labels } of alerts) t.match(labels?.['severity'], /^(page|ticket|none)$/, alert);
});

const runbookHeadings = ['## What it means', '## What callers feel', '## Look here', '## Do this'];

test('every alert has a runbook of its own, and every runbook an alert', async t => {
  const root = join(configRoot, '..');
  const files = readdirSync(join(root, 'docs/runbooks'));
  t.same(files.toSorted(), alerts.map(({ alert }) => `${alert}.md`).toSorted());
  for (const { alert, annotations } of alerts) {
    const path = annotations?.['runbook'] ?? '';
    t.equal(path, `docs/runbooks/${alert}.md`);
    if (!existsSync(join(root, path))) continue;
    const text = readFileSync(join(root, path), 'utf8');
    t.ok(text.startsWith(`# ${alert}\n`), path);
    const headings = text.split('\n').filter(line => line.startsWith('## '));
    t.same(headings, runbookHeadings, path);
  }
});

/** Receivers an alert goes to. */
function receivers(...labels: string[]): string {
  const file = 'alertmanager/alertmanager.yml';
  const { ok, said } = runTool('amtool', ['config', 'routes', 'test', '--config.file', file, ...labels]);
  if (!ok) throw new Error(said);
  return said.split('\n').find(line => line !== '' && !line.startsWith('Warning')) ?? '';
}

test('Alertmanager takes its config, and every alert goes where it should', async t => {
  const { ok, said } = runTool('amtool', ['check-config', 'alertmanager/alertmanager.yml']);
  t.ok(ok, said);
  for (const { alert = '', labels = {}, expr } of alerts) {
    const given = Object.entries({ alertname: alert, ...labels }).map(([name, value]) => `${name}=${value}`);
    const monitor = /monitor="([a-z-]+)"/.exec(expr)?.[1];
    const to = receivers(...given, 'model=rain', ...(monitor === undefined ? [] : [`monitor=${monitor}`]));
    const severity = labels['severity'];
    if (severity === 'none') t.equal(to, 'watchdog', alert);
    else if (monitor !== undefined) t.equal(to, 'gateway,ticket', alert);
    else t.equal(to, severity, alert);
  }
});
