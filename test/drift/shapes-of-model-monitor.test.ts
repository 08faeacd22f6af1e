import { test } from 'tap';
import type { Baseline } from '../../src/drift/baseline.ts';
import { baselineTexts, readBaseline } from '../../src/drift/baseline-files.ts';
import { buildBaseline } from '../../src/drift/build-baseline.ts';
import { counterFor } from '../../src/drift/counts.ts';
import { judge } from '../../src/drift/judge.ts';
import { monitorOptions } from '../helpers/drift.ts';

type Bucket = readonly [lower: number | string, upper: number | string, count: number];

/** A numeric feature as the service writes it, with what is given in its place. */
function numeric(buckets: readonly Bucket[] | null, figures: object = {}): object {
  const kll = buckets && {
    buckets: buckets.map(([lower_bound, upper_bound, count]) => ({ lower_bound, upper_bound, count })),
    sketch: { parameters: { c: 0.64, k: 2048.0 }, data: [[1.0, 2.0], [3.0]] },
  };
  return {
    name: 'x',
    inferred_type: 'Fractional',
    numerical_statistics: {
      common: { num_present: 100, num_missing: 0 },
      ...{ mean: 5.0, sum: 500.0, std_dev: 2.0, min: 0.0, max: 10.0, ...figures },
      distribution: { kll },
    },
  };
}

function read(features: readonly object[], constraints?: object, mark = ''): Baseline | readonly string[] {
  const files: Record<string, string> = { 'statistics.json': mark + JSON.stringify({ version: 0.0, features }) };
  if (constraints !== undefined) files['constraints.json'] = JSON.stringify({ version: 0.0, ...constraints });
  const found = readBaseline('/b', path => {
    const text = files[path.slice('/b/'.length)];
    if (text === undefined) throw Object.assign(new Error('none'), { code: 'ENOENT' });
    return text;
  });
  return 'problems' in found ? found.problems : found.baseline;
}

/** What a hundred records like these are, compared with it. */
function level(baseline: Baseline, x: number): string | undefined {
  const counter = counterFor(baseline);
  const counts = counter.empty();
  for (let i = 0; i < 100; i++) counter.addRecord(counts, new Map([['x', x]]), true);
  return judge(baseline, counts, monitorOptions()).find(({ monitor }) => monitor === 'features')?.level;
}

test('a column that was always the same is no drift while it stays so, and is when it changes', async t => {
  const flat: Bucket[] = Array.from({ length: 10 }, () => [3, 3, 10]);
  for (const buckets of [flat, [[3, 3, 100] as const, ...flat.slice(1).map(() => [3, 3, 0] as const)]]) {
    const baseline = read([numeric(buckets, { mean: 3, std_dev: 0, min: 3, max: 3 })]) as Baseline;
    t.equal(level(baseline, 3), 'clear');
    for (const other of [2, 4]) t.equal(level(baseline, other), 'drifted');
  }
  const own = buildBaseline({
    instances: Array.from({ length: 50 }, () => new Map([['x', 3]])),
    typed: true,
    predictions: [],
    performance: undefined,
  });
  const { 'statistics.json': text = '' } = baselineTexts(own, [new Map([['x', 3]])], true);
  for (const [x, expected] of [
    [3, 'clear'],
    [2, 'drifted'],
    [3.1, 'drifted'],
  ] as const)
    t.equal(level(own, x), expected);
  t.equal(level(read(JSON.parse(text).features) as Baseline, 3), 'clear', 'written by the gateway');
});

test('members that are null are as not there, and texts for what is no number are read', async t => {
  const usual: Bucket[] = [
    [0, 5, 50],
    [5, 10, 50],
  ];
  for (const figures of [{ mean: null, std_dev: null }, { mean: 'NaN' }, { min: '-Infinity', max: 'Infinity' }])
    t.match(read([numeric(usual, figures)]), { features: [{ kind: 'numeric', edges: [5], min: 0, max: 10 }] });
  t.match(read([{ ...numeric(usual), string_statistics: null }]), { features: [{ kind: 'numeric' }] });
  t.match(read([numeric(null)]), { features: [{ kind: 'opaque', present: 100 }] });
  t.match(read([numeric([['NaN', 'NaN', 0]])]), { features: [{ kind: 'opaque' }] });
  const constraint = { name: 'x', inferred_type: 'Fractional', completeness: 1.0, num_constraints: null };
  const kept = read([numeric(usual)], {
    features: [{ ...constraint, string_constraints: null }],
    monitoring_config: null,
  });
  t.match(kept, { constraints: { features: [{ name: 'x', completeness: 1, nonNegative: false }] } });
});

test('a file that an editor put a byte-order mark before is read', async t => {
  t.match(read([numeric([[0, 10, 100]])], undefined, '\uFEFF'), { features: [{ kind: 'numeric' }] });
});

test('what is no distribution is told', async t => {
  const problems = (buckets: readonly Bucket[]) => read([numeric(buckets)]) as readonly string[];
  const ascend = [/^statistics.json: the buckets of x do not ascend$/];
  t.match(
    problems([
      [5, 10, 1],
      [0, 5, 1],
    ]),
    ascend,
  );
  t.match(problems([[7, 3, 1]]), ascend);
  t.match(problems([[0, 5, 1e300]]), [/count: must be <= 9007199254740991/]);
  const twice = [1, 2].map(() => ({ name: 'x', inferred_type: 'String', completeness: 1 }));
  t.match(read([numeric([[0, 5, 1]])], { features: twice }), [/^constraints.json: x is there twice$/]);
});
