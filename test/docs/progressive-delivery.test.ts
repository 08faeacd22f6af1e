import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { metricTable } from '../../src/telemetry/metric-table.ts';
import { loadText } from '../helpers/config-texts.ts';

const docs = join(import.meta.dirname, '../../docs');
const blocksOf = (page: string, language: string) =>
  [
    ...readFileSync(join(docs, page), 'utf8').matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, 'gm')),
  ].map(([, text = '']) => text);

interface Resource {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly query?: string;
    readonly metrics?: {
      readonly name: string;
      readonly provider: { readonly prometheus: { readonly query: string } };
    }[];
    readonly analysis?: { readonly metrics: { readonly templateRef: { readonly name: string } }[] };
  };
}

const resources = blocksOf('progressive-delivery.md', 'yaml').flatMap(text =>
  parseAllDocuments(text).map(document => document.toJS() as Resource),
);
/** What the tools fill in. */
const values: Readonly<Record<string, string>> = { model: 'rain', canary: 'v2', stable: 'v1' };
/** By name, with what the tools fill in. */
const queries = new Map<string, string>(
  resources
    .flatMap(({ metadata, spec }) => [
      ...(spec.query === undefined ? [] : [[metadata.name, spec.query] as const]),
      ...(spec.metrics ?? []).map(metric => [metric.name, metric.provider.prometheus.query] as const),
    ])
    .concat(blocksOf('shadow.md', 'promql').map(query => ['shadow-page', query] as const))
    .map(([name, query]) => [
      name.replaceAll('-', '_'),
      query
        .replace(/\{\{ ?(?:variables|args)\.(\w+) ?\}\}/g, (_, variable: string) => values[variable] ?? '')
        .replaceAll('{{ interval }}', '5m'),
    ]),
);

/** Runs promtool on files; what it says. */
function promtool(t: Test, args: readonly string[], files: Readonly<Record<string, unknown>>): string {
  const dir = mkdtempSync(join(tmpdir(), 'meridian-promtool-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(dir, name), stringify(content));
  const { status, stdout, stderr, error } = spawnSync('promtool', args, { cwd: dir, encoding: 'utf8' });
  t.equal(status, 0, error?.message ?? `${stdout}${stderr}`);
  return stdout;
}

const rules = {
  groups: [{ name: 'docs', rules: [...queries].map(([name, expr]) => ({ record: `docs:${name}`, expr })) }],
};

test('every query of the pages is PromQL, over metrics and labels that exist', async t => {
  t.equal(queries.size, 7);
  t.match(promtool(t, ['check', 'rules', 'rules.yml'], { 'rules.yml': rules }), /7 rules found/);
  const table: Readonly<Record<string, { labels: readonly string[] }>> = metricTable;
  for (const expr of queries.values()) {
    t.notMatch(expr, /\{\{/, 'everything was filled in');
    for (const [, name = '', matchers = ''] of expr.matchAll(/\b(meridian_\w+)(?:\{([^}]*)\})?/g)) {
      const metric = table[name.replace(/_bucket$/, '')];
      for (const [, label = ''] of matchers.matchAll(/(\w+)\s*[=!]/g))
        t.ok(metric?.labels.includes(label), `${name} has the label ${label}`);
    }
  }
});

test('the queries give what the page says', async t => {
  const calls = (version: string, outcome: string, rate: string) => ({
    series: `meridian_version_calls_total{model="rain", version="${version}", outcome="${outcome}"}`,
    values: rate,
  });
  const bucket = (version: string, le: string, rate: string) => ({
    series: `meridian_upstream_duration_seconds_bucket{model="rain", version="${version}", region="us-east-1", target="x", le="${le}"}`,
    values: rate,
  });
  const shadow = (agreement: string, rate: string) => ({
    series: `meridian_shadow_calls_total{model="rain", version="v2", agreement="${agreement}"}`,
    values: rate,
  });
  const input_series = [
    calls('v1', 'ok', '0+990x20'),
    calls('v1', 'failed', '0+10x20'),
    calls('v2', 'ok', '0+95x20'),
    calls('v2', 'moved', '0+3x20'),
    calls('v2', 'caller-fault', '0+2x20'),
    calls('v2', 'cancelled', '0+50x20'),
    ...(['0.1', '0.2', '+Inf'] as const).flatMap(le => [
      bucket('v1', le, '0+100x20'),
      bucket('v2', le, le === '0.1' ? '0+0x20' : '0+100x20'),
    ]),
    shadow('exact', '0+80x20'),
    shadow('close', '0+10x20'),
    shadow('different', '0+10x20'),
    ...(['errors', 'latency', 'off'] as const).flatMap((guard, index) => [
      {
        series: `meridian_canary_guard_statistic{model="rain", version="v2", guard="${guard}"}`,
        values: `${index + 1}+0x20`,
      },
      {
        series: `meridian_canary_guard_threshold{model="rain", version="v2", guard="${guard}"}`,
        values: `${[5, 4, 0][index]}+0x20`,
      },
    ]),
  ];
  const expected = {
    meridian_failure_points: 4,
    meridian_p95_ratio: 0.195 / 0.095,
    failure_share: 0.05,
    p95_ratio: 0.195 / 0.095,
    shadow_agreement: 0.9,
    nearest_guard: 0.5,
  };
  const asked = Object.entries(expected).map(([name, value]) => ({
    expr: `abs(docs:${name} - ${value}) < bool 1e-9`,
    eval_time: '15m',
    exp_samples: [{ labels: '{}', value: 1 }],
  }));
  const nothing = Object.keys(expected).map(name => ({ expr: `docs:${name}`, eval_time: '15m', exp_samples: [] }));
  const tests = {
    rule_files: ['rules.yml'],
    evaluation_interval: '1m',
    tests: [
      { interval: '1m', input_series, promql_expr_test: asked },
      { interval: '1m', input_series: [calls('v1', 'ok', '0+1x20')], promql_expr_test: nothing },
    ],
  };
  promtool(t, ['test', 'rules', 'tests.yml'], { 'rules.yml': rules, 'tests.yml': tests });
});

test('the examples hang together', async t => {
  const templates = resources.filter(({ kind }) => kind === 'MetricTemplate').map(({ metadata }) => metadata.name);
  const used = resources.flatMap(({ spec }) => spec.analysis?.metrics.map(metric => metric.templateRef.name) ?? []);
  t.same(used, templates);
  const [shadow = ''] = blocksOf('shadow.md', 'yaml');
  const config = { auth: 'none', regions: { 'us-east-1': null }, ...(parse(shadow) as object) };
  t.ok(loadText(stringify(config)).ok, 'the config of the shadow page loads');
});
