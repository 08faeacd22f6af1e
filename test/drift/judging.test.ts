import fc from 'fast-check';
import { test } from 'tap';
import { seededRandom } from '../../src/core/random.ts';
import type { Baseline, Feature, FeatureConstraint } from '../../src/drift/baseline.ts';
import { buildBaseline } from '../../src/drift/build-baseline.ts';
import { compare } from '../../src/drift/compare.ts';
import { addPane, counterFor, momentsOf, type PaneCounts } from '../../src/drift/counts.ts';
import { judge, levelOf } from '../../src/drift/judge.ts';
import { performanceOf } from '../../src/drift/judge-performance.ts';
import { violationsOf } from '../../src/drift/judge-quality.ts';
import { decodePane } from '../../src/drift/stored-panes.ts';
import { addTruth, measuresOf, noTruths, type TruthCounts } from '../../src/drift/truth-counts.ts';
import { monitorOptions } from '../helpers/drift.ts';

type Row = Readonly<Record<string, number | string | boolean | null>>;
const instancesOf = (rows: readonly Row[]) => rows.map(row => new Map(Object.entries(row)));
const baselineOf = (rows: readonly Row[]): Baseline =>
  buildBaseline({ instances: instancesOf(rows), typed: true, predictions: [], performance: undefined });

function counted(baseline: Baseline, rows: readonly Row[], typed = true): PaneCounts {
  const counter = counterFor(baseline);
  const pane = counter.empty();
  for (const instance of instancesOf(rows)) counter.addRecord(pane, instance, typed);
  return pane;
}

/** Ten bins of ten each, with edges between 1, 2, … 10. */
const tens: Feature = {
  kind: 'numeric',
  name: 'x',
  integral: true,
  edges: [1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5],
  counts: Array.from({ length: 10 }, () => 10),
  missing: 0,
  min: 1,
  max: 10,
  mean: 5.5,
  deviation: Math.sqrt(8.25),
};
const withTens = (feature: Feature = tens): Baseline => ({ ...baselineOf([{ x: 1 }]), features: [feature] });

test('effects are those of the reference', async t => {
  const shares = [5, 8, 10, 12, 15, 12, 10, 8, 10, 10];
  const rows = shares.flatMap((count, index) => Array.from({ length: count }, () => ({ x: index + 1 })));
  const [x] = counted(withTens(), rows).features;
  const found = x && compare(tens, x);
  t.ok(Math.abs((found?.effects.psi ?? 0) - 0.0711492187577) < 1e-12);
  t.equal(found?.sample, 100);
  const four: Feature = { ...tens, edges: [1.5, 2.5, 3.5], counts: [100, 200, 300, 400] };
  const moved = [200, 200, 300, 300].flatMap((count, index) => Array.from({ length: count }, () => ({ x: index + 1 })));
  const [y] = counted(withTens(four), moved).features;
  const effects = (y && compare(four, y)?.effects) ?? {};
  t.ok(Math.abs((effects.psi ?? 0) - 0.0980829253012) < 1e-12);
  t.ok(Math.abs((effects['jensen-shannon'] ?? 0) - 0.109902813388) < 1e-12);
  t.ok(Math.abs((effects['l-infinity'] ?? 0) - 0.1) < 1e-12);
  t.ok(Math.abs((effects['kolmogorov-smirnov'] ?? 0) - 0.1) < 1e-12);
});

test('where nothing can be read any more, that is told, though there are no records to judge by', async t => {
  const baseline = withTens();
  const { empty } = counterFor(baseline);
  const options = monitorOptions();
  const all = (unreadable: number) => {
    const counts = { ...empty(), unreadable };
    const [judged] = judge(baseline, counts, options).filter(
      ({ monitor, feature }) => monitor === 'data-quality' && feature === undefined,
    );
    return { judged, violations: violationsOf(baseline, counts, options).map(({ check }) => check) };
  };
  t.match(all(500), { judged: { level: 'drifted', value: 1, sample: 500 }, violations: ['data_type_check'] });
  t.match(all(5), { judged: { level: 'too-few' }, violations: [] });
});

test('values far outside the baseline’s range are as far as their mean', async t => {
  const [x] = counted(
    withTens(),
    Array.from({ length: 50 }, () => ({ x: 105.5 })),
  ).features;
  const found = x && compare(tens, x);
  t.ok(Math.abs((found?.effects.wasserstein ?? 0) - 100 / Math.sqrt(8.25)) < 1e-3);
  t.ok(Math.abs((x && momentsOf(tens, x)?.mean) ?? 0) - 105.5 < 1e-3);
});

test('moments are those of the values, and add up in any order', async () => {
  const values = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 1, maxLength: 50 });
  const baseline = withTens();
  fc.assert(
    fc.property(values, fc.nat(50), (xs, cut) => {
      const rows = xs.map(x => ({ x }));
      const whole = counted(baseline, rows);
      const merged = counted(baseline, rows.slice(cut));
      addPane(merged, counted(baseline, rows.slice(0, cut)));
      const mean = xs.reduce((sum, x) => sum + x, 0) / xs.length;
      const [x] = whole.features;
      const moments = x && momentsOf(tens, x);
      const same = JSON.stringify(merged) === JSON.stringify(whole);
      return same && Math.abs((moments?.mean ?? Number.NaN) - mean) < 1e-4;
    }),
    { seed: 1, numRuns: 300 },
  );
});

const windows = { paneSeconds: 60, minRecords: 50, minTruths: 50 };
const rows = (count: number, make: (index: number) => Row) => Array.from({ length: count }, (_, index) => make(index));
const usual = rows(200, index => ({
  size: index % 20,
  ratio: index / 200,
  kind: index % 2 === 0 ? 'a' : 'b',
  note: `n${index}`,
}));

function checksOf(broken: readonly Row[], typed = true, baseline = baselineOf(usual)): string[] {
  return violationsOf(baseline, counted(baseline, broken, typed), monitorOptions({ windows })).map(
    ({ feature, check }) => `${feature ?? 'all'} ${check}`,
  );
}

test('a perfect area under the curve of a handful of truths makes no drift of a good one', async t => {
  const of = (count: number, wrong: number) =>
    truthsOf(
      rows(count, index => ({ index })).map((_, index) => [index < wrong ? 1 : (index % 2) * 0.9 + 0.05, index % 2]),
      0.5,
    );
  const options = monitorOptions({ windows, performance: 'auc' });
  const level = (before: number) => {
    const baseline = { ...baselineOf(usual), performance: performanceOf(of(before, 0)) };
    const found = judge(baseline, { ...counted(baseline, []), truths: of(200, 40) }, options);
    return found.find(({ monitor }) => monitor === 'performance')?.level;
  };
  t.equal(level(4), 'between', 'four truths say little');
  t.equal(level(400), 'drifted');
});

test('data quality: each check of Model Monitor, and nothing where all is well', async t => {
  const change = (make: (row: Row, index: number) => Row) => usual.map(make);
  t.strictSame(checksOf(usual), []);
  t.strictSame(checksOf(change(row => ({ ...row, ratio: String(row['ratio']) }))), ['ratio data_type_check']);
  t.strictSame(
    checksOf(
      change(row => ({ ...row, ratio: String(row['ratio']) })),
      false,
    ),
    [],
    'all is text in CSV',
  );
  t.strictSame(
    checksOf(change(row => ({ ...row, size: Number(row['size']) / 3 }))),
    ['size data_type_check'],
    'not whole',
  );
  t.match(checksOf(change((row, i) => ({ ...row, size: i % 4 === 0 ? -1 : 1 }))), ['size data_type_check'], 'negative');
  t.strictSame(checksOf(change((row, i) => (i % 2 === 0 ? row : { ...row, kind: null }))), ['kind completeness_check']);
  t.strictSame(checksOf(change(({ kind: _, ...row }) => row as Row)), ['kind missing_column_check']);
  t.strictSame(checksOf(change(row => ({ ...row, new: 1 }))), ['all extra_column_check']);
  t.strictSame(checksOf(change((row, i) => ({ ...row, kind: i % 5 === 0 ? 'c' : 'a' }))), [
    'kind categorical_values_check',
  ]);
  t.strictSame(checksOf(change((row, i) => ({ ...row, ratio: i % 10 === 0 ? 7 : 0.5 }))), [
    'ratio baseline_drift_check',
  ]);
  t.strictSame(
    checksOf(change((row, i) => ({ ...row, kind: i % 20 === 0 ? 'c' : 'a' }))),
    [],
    'a twentieth is allowed',
  );
  t.strictSame(checksOf(rows(10, () => ({ size: 'x' }))), [], 'too few to say');
  const strict = baselineOf(usual);
  const constraints = { ...strict.constraints, domainTolerance: 0 };
  const one = change((row, i) => ({ ...row, kind: i === 0 ? 'c' : 'a' }));
  t.strictSame(
    checksOf(one, true, { ...strict, constraints }),
    ['kind categorical_values_check'],
    'a threshold of 1.0',
  );
  t.strictSame(
    checksOf(one, true, { ...strict, constraints: { ...constraints, enabled: false } }),
    [],
    'evaluate_constraints: Disabled',
  );
});

test('domains and types are those of the constraints, also where an operator changed them', async t => {
  const kinds = rows(200, index => ({ kind: `k${index % 4}`, zip: 10_000 + (index % 20) }));
  const edited = (change: (constraint: FeatureConstraint) => Partial<FeatureConstraint>): Baseline => {
    const { constraints, ...rest } = baselineOf(kinds);
    return {
      ...rest,
      constraints: { ...constraints, features: constraints.features.map(f => ({ ...f, ...change(f) })) },
    };
  };
  const only = (domain: string[]) => edited(({ name }) => (name === 'kind' ? { domain } : {}));
  t.strictSame(checksOf(kinds, true, only(['k0', 'k1', 'k2'])), ['kind categorical_values_check'], 'one is forbidden');
  const more = kinds.map((row, index) => (index % 4 === 0 ? { ...row, kind: 'rare' } : row));
  t.strictSame(checksOf(more, true, baselineOf(kinds)), ['kind categorical_values_check']);
  t.strictSame(checksOf(more, true, only(['k0', 'k1', 'k2', 'k3', 'rare'])), [], 'one is allowed that no bin names');
  const codes = kinds.map((row, index) => (index % 2 === 0 ? { ...row, zip: 'SW1A' } : row));
  t.strictSame(checksOf(codes, true, baselineOf(kinds)), ['zip data_type_check']);
  for (const type of ['String', 'Unknown'] as const)
    t.strictSame(
      checksOf(
        codes,
        true,
        edited(({ name }) => (name === 'zip' ? { type } : {})),
      ),
      [],
      type,
    );
  const numeric = edited(({ name }) => (name === 'kind' ? { type: 'Integral' } : {}));
  t.strictSame(checksOf(kinds, true, numeric), ['kind data_type_check'], 'texts where whole numbers are asked for');
  const many = rows(500, index => ({ city: `c${index % 120}` }));
  t.strictSame(checksOf(many, true, baselineOf(many)), [], 'more texts than are named: they are no strangers');
});

test('of many features without drift few are called drifted, for all they are many', async t => {
  const random = seededRandom(4);
  const wide = (count: number) =>
    rows(count, () => Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`f${index}`, random()])));
  const baseline = baselineOf(wide(300));
  // Marks low enough that chance alone would pass them: only the p-values hold back.
  const marks = { psi: { high: 0.05, low: 0.01 } };
  const options = monitorOptions({ windows, marks, significance: 0.05 });
  const judged = judge(baseline, counted(baseline, wide(300)), options).filter(({ monitor }) => monitor === 'features');
  t.equal(judged.length, 40);
  t.equal(judged.filter(({ level }) => level === 'drifted').length, 0);
  t.ok(judged.some(({ value }) => value > 0.05));
  const one = wide(300).map(row => ({ ...row, f7: Number(row['f7']) / 3 }));
  const drifted = judge(baseline, counted(baseline, one), options).filter(({ level }) => level === 'drifted');
  t.ok(drifted.some(({ monitor, feature }) => monitor === 'features' && feature === 'f7'));
});

test('levels: a mark is reached with significance and sample only', async t => {
  const marks = { high: 0.2, low: 0.1 };
  t.strictSame(
    [
      levelOf(0.2, marks, true, true),
      levelOf(0.2, marks, false, true),
      levelOf(0.15, marks, true, true),
      levelOf(0.1, marks, true, true),
      levelOf(0.09, marks, true, true),
      levelOf(9, marks, true, false),
    ],
    ['drifted', 'between', 'between', 'between', 'clear', 'too-few'],
  );
});

test('perform_comparison: Disabled is kept to', async t => {
  const baseline = baselineOf(usual);
  const quiet = { ...baseline, constraints: { ...baseline.constraints, compares: false } };
  const judged = judge(
    quiet,
    counted(
      quiet,
      rows(100, () => ({ size: 500 })),
    ),
    monitorOptions({ windows }),
  );
  t.ok(judged.every(({ monitor }) => monitor === 'data-quality'));
});

function truthsOf(pairs: readonly (readonly [number | string, number | string])[], threshold?: number): TruthCounts {
  const truths = noTruths();
  for (const [predicted, truth] of pairs) addTruth(truths, predicted, truth, threshold);
  return truths;
}

test('accuracy, AUC, F1, MAE and RMSE', async t => {
  const scores = [0.1, 0.4, 0.35, 0.8, 0.2, 0.7];
  const truths = [0, 0, 1, 1, 0, 1];
  const scored = measuresOf(
    truthsOf(
      scores.map((score, i) => [score, truths[i] ?? 0]),
      0.5,
    ),
  );
  t.ok(Math.abs((scored.auc ?? 0) - 0.888888888889) < 1e-12);
  t.equal(scored.accuracy, 5 / 6);
  t.equal(scored.f1, 4 / 5);
  t.match(
    measuresOf(
      truthsOf([
        ['cat', 'cat'],
        ['dog', 'cat'],
      ]),
    ),
    { accuracy: 0.5 },
  );
  const numbers = measuresOf(
    truthsOf([
      [1, 2],
      [3, 1],
    ]),
  );
  t.equal(numbers.mae, 1.5);
  t.equal(numbers.rmse, Math.sqrt(2.5));
  t.strictSame(measuresOf(noTruths()), {});
});

test('a truth farther off than numbers reach loses no pane', async t => {
  const pane = counted(withTens(), [{ x: 1 }]);
  addTruth(pane.truths, 1, 1e200, undefined);
  addTruth(pane.truths, -1.7e308, 1.7e308, undefined);
  t.ok(decodePane(JSON.stringify(pane), pane), 'other replicas can read it');
  t.match(measuresOf(pane.truths), { mae: 1e100, rmse: 1e100 });
});

test('performance is judged by its loss against the baseline, with significance and sample', async t => {
  const of = (right: number, wrong: number) =>
    truthsOf(
      [
        ...rows(right, () => ({})).map(() => [0.9, 1] as const),
        ...rows(wrong, () => ({})).map(() => [0.9, 0] as const),
      ],
      0.5,
    );
  const baseline = { ...baselineOf(usual), performance: performanceOf(of(900, 100)) };
  const levels = (truths: TruthCounts, options = {}) => {
    const pane = { ...counted(baseline, []), truths };
    return judge(baseline, pane, monitorOptions({ windows, ...options })).map(
      ({ statistic, level }) => `${statistic} ${level}`,
    );
  };
  t.strictSame(levels(of(90, 10)), ['accuracy-loss clear']);
  t.strictSame(levels(of(70, 30)), ['accuracy-loss drifted']);
  t.strictSame(levels(of(42, 8)), ['accuracy-loss between'], 'may be chance');
  t.strictSame(levels(of(10, 30)), ['accuracy-loss too-few']);
  t.strictSame(levels(noTruths()), []);
  const errors = (size: number) =>
    truthsOf(rows(200, index => ({ i: index })).map((_, i) => [(i % 5) * size, 0] as const));
  const numeric = { ...baselineOf(usual), performance: performanceOf(errors(1)) };
  const [judged] = judge(numeric, { ...counted(numeric, []), truths: errors(2) }, monitorOptions({ windows }));
  t.match(judged, { statistic: 'mae-loss', value: 1, level: 'drifted' });
  const auc = (flipped: number) =>
    truthsOf(
      rows(200, index => ({ i: index })).map((_, i) => [i / 200, i % 200 < flipped ? 1 : Number(i >= 100)] as const),
      0.5,
    );
  const ranked = { ...baselineOf(usual), performance: performanceOf(auc(5)) };
  const [area] = judge(
    ranked,
    { ...counted(ranked, []), truths: auc(80) },
    monitorOptions({ windows, performance: 'auc' }),
  );
  t.match(area, { statistic: 'auc-loss', level: 'drifted' });
});
