import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { stringify } from 'yaml';
import { eventually } from './eventually.ts';
import { type MonitoringRule, type RuleFile, ruleFiles } from './monitoring.ts';
import { freePort } from './redis.ts';

/** Prometheus and Alertmanager of one test. */
export interface Alerting {
  readonly prometheus: string;
  readonly alertmanager: string;
}

/** A window of the shipped drift rules, in the shortened ones. */
export const windowSeconds = 1;

/**
 * The shipped rules in fast motion. An hour of them is a second, so a window is `windowSeconds` long: the subquery ranges
 * of the drift rules are divided by 3,600, and every `for` is dropped. Expressions are otherwise those that ship.
 */
export function shortened(file: RuleFile): RuleFile {
  const seconds = (minutes: number) => `${Math.max(1, Math.round((minutes * 60_000) / 3_600))}ms`;
  const expr = (text: string) =>
    text.replace(/\[(\d+)m:1h\]/g, (_, minutes: string) => `[${seconds(Number(minutes))}:${windowSeconds}s]`);
  const rule = ({ for: _, ...rest }: MonitoringRule): MonitoringRule => ({ ...rest, expr: expr(rest.expr) });
  return { groups: file.groups.map(group => ({ ...group, rules: group.rules.map(rule) })) };
}

/** Alertmanager alone, with this config; its URL. */
export async function startAlertmanager(t: Test, config: object): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'meridian-alertmanager-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const port = await freePort();
  writeFileSync(join(dir, 'alertmanager.yml'), stringify(config));
  start(t, dir, 'prometheus-alertmanager', alertmanagerArgs(port));
  const url = `http://127.0.0.1:${port}`;
  await ready(t, url);
  return url;
}

function alertmanagerArgs(port: number): string[] {
  return [
    '--config.file=alertmanager.yml',
    '--storage.path=alertmanager-data',
    `--web.listen-address=127.0.0.1:${port}`,
    '--cluster.listen-address=',
  ];
}

function ready(t: Test, url: string): Promise<void> {
  return eventually(t, `${url} is ready`, async () => (await statusOf(`${url}/-/ready`)) === 200);
}

/** Starts both on free ports, against a gateway's metrics and its hook; ends them with the test. */
export async function startAlerting(t: Test, gateway: { admin: string; hookToken: string }): Promise<Alerting> {
  const dir = mkdtempSync(join(tmpdir(), 'meridian-alerting-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const [prometheusPort, alertmanagerPort] = [await freePort(), await freePort()];
  const prometheus = `http://127.0.0.1:${prometheusPort}`;
  const alertmanager = `http://127.0.0.1:${alertmanagerPort}`;
  mkdirSync(join(dir, 'rules'));
  for (const [name, file] of ruleFiles) writeFileSync(join(dir, 'rules', name), stringify(shortened(file)));
  writeFileSync(join(dir, 'prometheus.yml'), stringify(prometheusConfig(gateway.admin, alertmanagerPort)));
  writeFileSync(join(dir, 'alertmanager.yml'), stringify(alertmanagerConfig(gateway)));
  start(t, dir, 'prometheus-alertmanager', alertmanagerArgs(alertmanagerPort));
  await ready(t, alertmanager); // or the first alerts are lost to it, for a while
  start(t, dir, 'prometheus', [
    '--config.file=prometheus.yml',
    '--storage.tsdb.path=prometheus-data',
    `--web.listen-address=127.0.0.1:${prometheusPort}`,
    '--rules.alert.resend-delay=1s',
  ]);
  await ready(t, prometheus);
  return { prometheus, alertmanager };
}

function prometheusConfig(admin: string, alertmanagerPort: number): object {
  const local = (port: string | number) => [{ targets: [`127.0.0.1:${port}`] }];
  return {
    global: { scrape_interval: '500ms', scrape_timeout: '500ms', evaluation_interval: '500ms' },
    rule_files: ['rules/*.yml'],
    scrape_configs: [{ job_name: 'meridian', static_configs: local(new URL(admin).port) }],
    alerting: { alertmanagers: [{ static_configs: local(alertmanagerPort) }] },
  };
}

/** The shipped routes for drift, with the gateway's address and token, and without waiting. */
function alertmanagerConfig({ admin, hookToken }: { admin: string; hookToken: string }): object {
  const short = { group_wait: '0s', group_interval: '500ms', repeat_interval: '5s' };
  const authorization = { credentials: hookToken };
  return {
    route: {
      receiver: 'shown',
      routes: [{ matchers: ['domain = drift', 'monitor =~ ".+"'], receiver: 'gateway', group_by: ['model'], ...short }],
    },
    receivers: [
      { name: 'shown' },
      { name: 'gateway', webhook_configs: [{ url: `${admin}/hooks/alertmanager`, http_config: { authorization } }] },
    ],
  };
}

function start(t: Test, cwd: string, command: string, args: readonly string[]): void {
  let said = '';
  const child: ChildProcess = spawn(command, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  child.stderr?.on('data', chunk => {
    said += chunk;
  });
  // Also when a test fails so badly that its teardown never runs.
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  const gone = new Promise<void>(resolve => child.once('exit', () => resolve()));
  child.once('exit', code => {
    if (code !== null) t.fail(`${command} ended with ${code}:\n${said}`);
  });
  t.teardown(async () => {
    kill();
    await gone;
    process.off('exit', kill);
  });
}

async function statusOf(url: string): Promise<number | undefined> {
  return fetch(url).then(
    async answer => {
      await answer.body?.cancel();
      return answer.status;
    },
    () => undefined,
  );
}
