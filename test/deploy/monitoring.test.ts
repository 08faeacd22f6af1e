import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { parse } from 'yaml';
import { metricTable } from '../../src/telemetry/metric-table.ts';
import { shippedRules } from '../helpers/monitoring.ts';

const config = join(import.meta.dirname, '../../config');
const read = (path: string) => readFileSync(join(config, path), 'utf8');

interface Dashboard {
  readonly panels: readonly {
    readonly id: number;
    readonly datasource: { readonly uid: string };
    readonly targets: readonly { readonly expr: string }[];
  }[];
}

const alerts = shippedRules.filter(({ alert }) => alert !== undefined);
const panels = readdirSync(join(config, 'grafana/dashboards')).flatMap(
  name => (JSON.parse(read(`grafana/dashboards/${name}`)) as Dashboard).panels,
);
const queries = [
  ...shippedRules.map(({ expr }) => expr),
  ...panels.flatMap(panel => panel.targets.map(({ expr }) => expr)),
];

/** Series the query names, with the label names it matches on: `a{b="c"}` → a, [b]. */
function seriesOf(expr: string): { name: string; labels: string[] }[] {
  return [...expr.matchAll(/\b(meridian_\w+)(?:\{([^}]*)\})?/g)].map(([, name = '', matchers = '']) => ({
    name,
    labels: [...matchers.matchAll(/(\w+)\s*[=!]/g)].map(match => match[1] ?? ''),
  }));
}

/** The metric a series belongs to: a histogram's has three more names. */
function metricOf(series: string): { labels: readonly string[] } | undefined {
  const table: Readonly<Record<string, { type: string; labels: readonly string[] }>> = metricTable;
  const base = series.replace(/_(bucket|sum|count)$/, '');
  return table[series] ?? (table[base]?.type === 'histogram' ? table[base] : undefined);
}

test('alerts and dashboards ask for metrics and labels that exist', async t => {
  const asked = queries.flatMap(seriesOf);
  t.ok(asked.length > 20, 'the queries were found');
  for (const { name, labels } of asked) {
    const metric = metricOf(name);
    t.ok(metric, `${name} is in the metric table`);
    for (const label of labels) t.ok(metric?.labels.includes(label), `${name} has the label ${label}`);
  }
  for (const expr of queries) {
    const known = new Set(seriesOf(expr).flatMap(({ name }) => metricOf(name)?.labels ?? []));
    if (known.size === 0) continue; // of series that are recorded, whose own rules are among these
    for (const [, list = ''] of expr.matchAll(/\bby \(([^)]*)\)/g)) {
      for (const label of list.split(',').map(name => name.trim()))
        t.ok(label === 'le' || known.has(label), `by ${label}`);
    }
  }
});

test('every alert says how urgent it is and what happened, once', async t => {
  t.equal(new Set(alerts.map(({ alert }) => alert)).size, alerts.length);
  const operations = readFileSync(join(config, '../docs/operations.md'), 'utf8');
  for (const { alert = '', labels, annotations } of alerts) {
    t.match(labels?.['severity'], /^(page|ticket|none)$/, alert);
    t.ok((annotations?.['summary'] ?? '').length > 0, alert);
    t.match(operations, `\`${alert}\``, `docs/operations.md names ${alert}`);
  }
});

test('Prometheus, Alertmanager and Grafana know one another', async t => {
  const prometheus = parse(read('prometheus/prometheus.yml')) as {
    rule_files: string[];
    scrape_configs: { static_configs: { targets: string[] }[] }[];
  };
  t.strictSame(prometheus.rule_files, ['rules/*.yml']);
  t.strictSame(prometheus.scrape_configs[0]?.static_configs[0]?.targets, ['gateway:8081']);
  const { route, receivers } = parse(read('alertmanager/alertmanager.yml')) as {
    route: { receiver: string };
    receivers: { name: string }[];
  };
  t.ok(receivers.some(receiver => receiver.name === route.receiver));
  const { datasources } = parse(read('grafana/provisioning/datasources/prometheus.yml')) as {
    datasources: { uid: string }[];
  };
  for (const panel of panels) t.equal(panel.datasource.uid, datasources[0]?.uid, `panel ${panel.id}`);
  const { providers } = parse(read('grafana/provisioning/dashboards/meridian.yml')) as {
    providers: { options: { path: string } }[];
  };
  t.equal(providers[0]?.options.path, '/etc/grafana/dashboards');
});
