import fc from 'fast-check';
import { test } from 'tap';
import { Value } from 'typebox/value';
import { type Baseline, presentOf } from '../../src/drift/baseline.ts';
import { baselineTexts, decodeBaseline, encodeBaseline, readBaseline } from '../../src/drift/baseline-files.ts';
import { fromCsvText } from '../../src/drift/baseline-source.ts';
import { buildBaseline } from '../../src/drift/build-baseline.ts';
import { counterFor } from '../../src/drift/counts.ts';
import { describe, describeFeatures, quantileEdges } from '../../src/drift/describe.ts';
import { judge } from '../../src/drift/judge.ts';
import { performanceOf } from '../../src/drift/judge-performance.ts';
import { readRecords } from '../../src/drift/payload.ts';
import { PayloadOptions } from '../../src/drift/payload-options.ts';
import { decodePane } from '../../src/drift/stored-panes.ts';
import { addTruth, noTruths } from '../../src/drift/truth-counts.ts';
import { binOf } from '../../src/statistics/fixed-histogram.ts';
import { monitorOptions } from '../helpers/drift.ts';

const csv = `day,wind,rain,sky,forecast,wet
2014-01-01,1,0,sun,0.1,0
2014-01-02,2,0,sun,0.2,0
2014-01-03,3,,cloud,0.9,1
2014-01-04,4,5.5,cloud,0.4,1
`;
const roles = { prediction: 'forecast', truth: 'wet', dropped: [] };
const source = fromCsvText(csv, roles, 0.5);
const made = buildBaseline(source, { bins: 10, texts: 3 });
const files = baselineTexts(made, source.instances, source.typed);
const reader = (texts: Readonly<Record<string, string>>) => (path: string) => {
  const text = texts[path.slice(path.lastIndexOf('/') + 1)];
  if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
  return text;
};
const parsed = (name: string) => JSON.parse(files[name] ?? '');

test('statistics.json and constraints.json are Model Monitor’s', async t => {
  const [day, wind, rain, sky] = parsed('statistics.json').features;
  t.equal(parsed('statistics.json').version, 0);
  t.strictSame(parsed('statistics.json').dataset, { item_count: 4 });
  t.match(day, { name: 'day', inferred_type: 'String', string_statistics: { distinct_count: 4 } });
  t.match(wind, {
    name: 'wind',
    inferred_type: 'Integral',
    numerical_statistics: { common: { num_present: 4, num_missing: 0 }, mean: 2.5, sum: 10, min: 1, max: 4 },
  });
  const { kll } = wind.numerical_statistics.distribution;
  t.equal(kll.buckets.length, 10);
  t.equal(
    kll.buckets.reduce((sum: number, { count }: { count: number }) => sum + count, 0),
    4,
  );
  t.strictSame(kll.sketch, { parameters: { c: 0.64, k: 2048 }, data: [[1, 2, 3, 4]] });
  t.match(rain, { inferred_type: 'Fractional', numerical_statistics: { common: { num_present: 3, num_missing: 1 } } });
  t.match(sky, {
    string_statistics: { distribution: { categorical: { buckets: [{ value: 'cloud', count: 2 }, { value: 'sun' }] } } },
  });
  const constraints = parsed('constraints.json');
  t.strictSame(constraints.features[2], {
    name: 'rain',
    inferred_type: 'Fractional',
    completeness: 0.75,
    num_constraints: { is_non_negative: true },
  });
  t.strictSame(constraints.features[3].string_constraints, { domains: ['cloud', 'sun'] });
  t.match(constraints.monitoring_config, { distribution_constraints: { comparison_method: 'Robust' } });
});

test('what is written is read again, with predictions and performance', async t => {
  const read = readBaseline('/b', reader(files));
  if (!('baseline' in read)) throw new Error(read.problems.join());
  t.strictSame(read.baseline, made);
  t.match(read.baseline.performance, { truths: 4, measures: { accuracy: 0.75, auc: 1, f1: 2 / 3 } });
  t.match(read.baseline.features[0], { kind: 'opaque', name: 'day' }, 'days do not repeat');
  t.strictSame(decodeBaseline(JSON.parse(encodeBaseline(made))), made);
  const [hash] = [read.hash];
  const other = readBaseline('/b', reader({ ...files, 'constraints.json': `${files['constraints.json']} ` }));
  t.not('hash' in other && other.hash, hash, 'another file, another baseline');
});

const aws = {
  'statistics.json': JSON.stringify({
    version: 0,
    dataset: { item_count: 100 },
    features: [
      {
        name: 'f',
        inferred_type: 'Fractional',
        numerical_statistics: {
          common: { num_present: 100, num_missing: 0 },
          mean: 5,
          sum: 500,
          std_dev: 2.5,
          min: 0,
          max: 10,
          distribution: {
            kll: {
              buckets: Array.from({ length: 10 }, (_, i) => ({ lower_bound: i, upper_bound: i + 1, count: 10 })),
              sketch: { parameters: { c: 0.64, k: 2048 }, data: [[0], [1]] },
            },
          },
        },
      },
      {
        name: 's',
        inferred_type: 'String',
        string_statistics: {
          common: { num_present: 90, num_missing: 10 },
          distinct_count: 3,
          distribution: {
            categorical: {
              buckets: [
                { value: 'a', count: 50 },
                { value: 'b', count: 30 },
              ],
            },
          },
        },
      },
    ],
  }),
  'constraints.json': JSON.stringify({
    version: 0,
    features: [{ name: 'f', inferred_type: 'Fractional', completeness: 1, num_constraints: { is_non_negative: true } }],
    monitoring_config: {
      evaluate_constraints: 'Enabled',
      emit_metrics: 'Enabled',
      datatype_check_threshold: 1.0,
      domain_content_threshold: 1.0,
      distribution_constraints: {
        perform_comparison: 'Enabled',
        comparison_threshold: 0.1,
        comparion_method: 'Robust',
      },
    },
  }),
};

test('files that AWS made: ten buckets, the misspelt key, thresholds of 1', async t => {
  const read = readBaseline('/b', reader(aws));
  if (!('baseline' in read)) throw new Error(read.problems.join());
  const [f, s] = read.baseline.features;
  t.match(f, {
    kind: 'numeric',
    edges: [1, 2, 3, 4, 5, 6, 7, 8, 9],
    counts: Array.from({ length: 10 }, () => 10),
    deviation: 2.5,
  });
  t.match(s, { kind: 'text', values: ['a', 'b'], counts: [50, 30, 10], missing: 10 });
  t.match(read.baseline.constraints, { typeTolerance: 0, domainTolerance: 0, compares: true });
});

test('malformed files are told with their place, and never throw', async t => {
  const problems = (texts: Record<string, string>) => {
    const read = readBaseline('/b', reader(texts));
    return 'problems' in read ? read.problems : [];
  };
  t.match(problems({}), [/neither baseline.json nor statistics.json/]);
  t.match(problems({ 'statistics.json': '{' }), [/^statistics.json: is not valid JSON/]);
  t.match(problems({ 'statistics.json': '{"version":0,"features":[{"name":1}]}' }), [/\/features\/0/]);
  t.match(problems({ ...aws, 'constraints.json': '{"version":1,"features":[]}' }), [/^constraints.json: \/version/]);
  const own = parsed('baseline.json');
  const spoilt = (change: (feature: Record<string, unknown>) => void) => {
    const copy = structuredClone(own);
    change(copy.features[1]);
    return problems({ ...files, 'baseline.json': JSON.stringify(copy) });
  };
  t.match(
    spoilt(feature => (feature['counts'] = [1])),
    [/baseline.json: wind has 4 bins and 1 counts/],
  );
  t.match(
    spoilt(feature => (feature['edges'] = [3, 2, 1])),
    [/edges of wind do not ascend/],
  );
  t.match(
    spoilt(feature => (feature['name'] = 'sky')),
    [/sky is there twice/],
  );
  fc.assert(
    fc.property(fc.json(), text => problems({ 'baseline.json': text, 'constraints.json': text }).length > 0),
    { seed: 1, numRuns: 300 },
  );
});

test('what would monitor nothing is told: no features, no counts, constraints and measures of another name', async t => {
  const told = (change: Record<string, (copy: ReturnType<typeof JSON.parse>) => void>) => {
    const texts: Record<string, string> = { ...files };
    for (const [name, spoil] of Object.entries(change)) {
      const copy = parsed(name);
      spoil(copy);
      texts[name] = JSON.stringify(copy);
    }
    const read = readBaseline('/b', reader(texts));
    return 'problems' in read ? read.problems.join() : 'read';
  };
  const empty = '{"version":0,"features":[]}';
  t.match(readBaseline('/b', reader({ 'statistics.json': empty })), { problems: ['statistics.json: has no features'] });
  t.match(
    told({ 'constraints.json': copy => (copy.features[0].name = 'wnd') }),
    /^constraints.json: wnd is no feature of the baseline$/,
  );
  t.match(
    told({ 'baseline.json': copy => (copy.features[1].counts = [0, 0, 0, 0]) }),
    /^baseline.json: wind has no counts$/,
  );
  t.match(told({ 'baseline.json': copy => (copy.features[1].counts[1] = null) }), /baseline.json: \/features\/1/);
  t.match(told({ 'constraints.json': copy => (copy.features[1] = null) }), /constraints.json: \/features\/1/);
  t.match(told({ 'baseline.json': copy => (copy.features[1].max = -5) }), /the least value of wind is above its/);
  const measures = (change: object) =>
    told({ 'baseline.json': copy => (copy.performance = { truths: 10, measures: { accuracy: 0.9 }, ...change }) });
  t.equal(measures({}), 'read');
  for (const change of [
    { truths: 0 },
    { measures: { acuracy: 0.9 } },
    { measures: { auc: 5 } },
    { measures: { mae: -1 } },
  ])
    t.match(measures(change), /^baseline.json: \/performance\//, JSON.stringify(change));
});

/** Every place in a document, as the steps to it. */
function* placesIn(value: unknown, at: readonly (string | number)[] = []): Generator<readonly (string | number)[]> {
  if (at.length > 0) yield at;
  if (typeof value !== 'object' || value === null) return;
  for (const [name, part] of Object.entries(value))
    yield* placesIn(part, [...at, Array.isArray(value) ? Number(name) : name]);
}

function changed(document: unknown, [step, ...rest]: readonly (string | number)[], to: unknown): unknown {
  if (step === undefined) return to;
  if (Array.isArray(document)) return document.with(Number(step), changed(document[Number(step)], rest, to));
  const object = document as Record<string, unknown>;
  return { ...object, [step]: changed(object[step], rest, to) };
}

const hostile = [
  0,
  -1,
  0.5,
  1e308,
  -1e308,
  5e-324,
  2 ** 53,
  null,
  undefined,
  '',
  'NaN',
  true,
  [],
  {},
  [1],
  ['a', 'a'],
  'a',
];

test('whatever one value of a file becomes, it is refused, or every judgement is a number', async () => {
  const pairs = Array.from({ length: 60 }, (_, index) => [(index % 10) / 10, index % 2] as const);
  const truths = noTruths();
  for (const [score, truth] of pairs) addTruth(truths, score, truth, 0.5);
  const performance = performanceOf(truths);
  const texts = baselineTexts({ ...made, performance }, source.instances, source.typed);
  const both = Object.keys(texts).map(name => ({ name, document: JSON.parse(texts[name] ?? ''), rest: texts }));
  const { 'baseline.json': _, ...theirs } = texts;
  const all = [
    ...both,
    ...both.filter(({ name }) => name !== 'baseline.json').map(each => ({ ...each, rest: theirs })),
  ];
  const change = fc
    .constantFrom(...all)
    .chain(({ name, document, rest }) =>
      fc
        .tuple(fc.constantFrom(...placesIn(document)), fc.constantFrom(...hostile))
        .map(([place, to]) => ({ ...rest, [name]: JSON.stringify(changed(document, place, to)) })),
    );
  const options = ['psi', 'jensen-shannon', 'kolmogorov-smirnov', 'wasserstein', 'auc', 'f1'].map((each, index) =>
    monitorOptions({
      windows: { paneSeconds: 60, minRecords: 2, minTruths: 2 },
      ...(index < 4 ? { numeric: each } : { performance: each }),
    }),
  );
  const sane = (baseline: Baseline, scale: number) => {
    const counter = counterFor(baseline);
    const pane = counter.empty();
    for (const instance of source.instances)
      counter.addRecord(pane, new Map([...instance, ['wind', scale * 3]]), source.typed);
    for (const [score, truth] of pairs) {
      counter.addPrediction(pane, score);
      addTruth(pane.truths, 1 - score, truth, 0.5);
    }
    return options.every(option =>
      judge(baseline, pane, option).every(
        ({ value, p, scores }) => [value, p, ...Object.values(scores)].every(Number.isFinite) && p >= 0 && p <= 1,
      ),
    );
  };
  fc.assert(
    fc.property(change, fc.constantFrom(1, 1e308), (spoilt, scale) => {
      const read = readBaseline('/b', reader(spoilt));
      return 'problems' in read ? read.problems.length > 0 : sane(read.baseline, scale);
    }),
    { seed: 1, numRuns: 800 },
  );
});

test('texts beyond a thousand, and the same twice, are bins that replicas can tell each other', async t => {
  const featureOf = (buckets: readonly { value: string; count: number }[]) => {
    const present = buckets.reduce((sum, { count }) => sum + count, 0);
    const feature = {
      name: 's',
      inferred_type: 'String',
      string_statistics: {
        common: { num_present: present, num_missing: 0 },
        distribution: { categorical: { buckets } },
      },
    };
    const read = readBaseline('/b', reader({ 'statistics.json': JSON.stringify({ version: 0, features: [feature] }) }));
    if (!('baseline' in read)) throw new Error(read.problems.join());
    const pane = counterFor(read.baseline).empty();
    t.ok(decodePane(JSON.stringify(pane), pane));
    t.strictSame(decodeBaseline(JSON.parse(encodeBaseline(read.baseline))), read.baseline);
    return read.baseline.features[0];
  };
  const many = featureOf(Array.from({ length: 1_500 }, (_, i) => ({ value: `v${i}`, count: i < 500 ? 1 : 2 })));
  t.equal(many?.kind === 'text' && many.values[0], 'v500', 'the most frequent are named');
  t.equal(many?.kind === 'text' && many.counts.at(-1), 500, 'the others are one');
  const twice = [
    { value: 'x', count: 5 },
    { value: 'x', count: 6 },
  ];
  t.match(featureOf(twice), { values: ['x'], counts: [11, 0] });
});

test('a baseline of records with ever other names holds those of most records', async t => {
  const instances = Array.from(
    { length: 600 },
    (_, i) =>
      new Map([
        [`a${i}`, 1],
        [`b${i}`, 1],
        ['x', i],
      ]),
  );
  const features = describeFeatures(instances, true);
  t.equal(features.length, 1_000);
  t.equal(features[0]?.name, 'x');
});

test('bins hold about the same, a value that repeats has one of its own', async t => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 300 }),
      fc.integer({ min: 2, max: 20 }),
      (values, bins) => {
        const sorted = Float64Array.from(values).sort();
        const edges = quantileEdges(sorted, bins);
        const ascend = edges.every((edge, i) => i === 0 || edge > (edges[i - 1] as number));
        // An edge is never one of the values, so which side it belongs to does not matter.
        return (
          edges.length < bins && ascend && edges.every(edge => !values.includes(edge) || edge !== Math.min(...values))
        );
      },
    ),
    { seed: 2, numRuns: 300 },
  );
  const dry = describe(
    'rain',
    [...Array.from({ length: 60 }, () => 0), ...Array.from({ length: 40 }, (_, i) => i + 1)],
    true,
  );
  if (dry.kind !== 'numeric') throw new Error('numeric');
  t.equal(dry.counts[binOf(dry.edges, 0)], 60);
  t.equal(dry.edges[0], 0.5);
  t.equal(presentOf(dry), 100);
  const many = Array.from({ length: 1_000 }, (_, i) => (i * 7919) % 1_000);
  const even = describe('x', many, true);
  t.strictSame(
    even.kind === 'numeric' && even.counts,
    Array.from({ length: 10 }, () => 100),
  );
});

test('a record with a comma too many is told, and makes no baseline of shifted columns', async t => {
  const read = (text: string) => () =>
    fromCsvText(text, { ...roles, prediction: undefined, truth: undefined }, undefined);
  t.throws(read('name,wind\nAnn,1\nSmith, Bob,2\n'), /record 2 has more values than there are columns/);
  t.equal(read('name,wind\nAnn,1,\nBob\n')().instances.length, 2, 'but for empty cells at the end, or none');
});

test('CSV without the columns that are named is refused', async t => {
  t.throws(() => fromCsvText(csv, { ...roles, truth: 'snow' }, 0.5), /no column snow: there are day, wind/);
});

test('whatever callers send, the baseline made of it can be written down and read again', async t => {
  const shape = Value.Default(PayloadOptions, {}) as PayloadOptions;
  const number = fc.constantFrom('1e999', '-1e999', '1.7e308', '-1.7e308', '5e-324', '-0', '7', '"1e999"', '"NaN"');
  const value = fc.oneof(number, fc.constantFrom('null', 'true', '""', '{"":1}', '[]'), fc.json());
  const name = fc.oneof(fc.constantFrom('a', 'b', '', '__proto__', 'a.b'), fc.string());
  const record = fc.array(fc.tuple(name, value), { maxLength: 5 });
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 12 }), fc.boolean(), (records, typed) => {
      const texts = records.map(each => `{${each.map(([key, text]) => `${JSON.stringify(key)}:${text}`).join()}}`);
      const { instances } = readRecords(shape, 'application/json', Buffer.from(`{"instances":[${texts.join()}]}`));
      const predictions = instances.map((_, index) => (index % 2 === 0 ? 1 : Number.POSITIVE_INFINITY));
      const baseline = buildBaseline({ instances, typed, predictions, performance: undefined });
      return decodeBaseline(JSON.parse(encodeBaseline(baseline))) !== undefined;
    }),
    { seed: 3, numRuns: 500 },
  );
  t.pass();
});

test('a table written with its row numbers, and one with a name twice', async t => {
  t.strictSame(
    [...(fromCsvText(',a\r\n0,1\r\n', { ...roles, prediction: undefined, truth: undefined }, 0.5).instances[0] ?? [])],
    [['a', '1']],
  );
  t.throws(() => fromCsvText('a,b,a\n1,2,3\n', roles, 0.5), { message: 'there are two columns a' });
});
