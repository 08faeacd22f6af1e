import type { Baseline, Feature, FeatureConstraint } from './baseline.ts';
import type { FeatureCounts, PaneCounts } from './counts.ts';
import { type Judgement, levelOf } from './judge.ts';
import type { MonitorOptions } from './options.ts';

/** What may be broken, as Model Monitor's `constraint_violations.json` names it. */
export const checks = [
  'data_type_check',
  'completeness_check',
  'baseline_drift_check',
  'missing_column_check',
  'extra_column_check',
  'categorical_values_check',
] as const;
/** One of them. */
export type Check = (typeof checks)[number];

/** One constraint that a window broke. */
export interface Violation {
  readonly feature: string | undefined;
  readonly check: Check;
  readonly description: string;
}

/** Share of records that break a check more than it allows; 0 or less: kept. */
interface Excess {
  readonly check: Check;
  readonly share: number;
  readonly description: string;
}

/** Judges every feature by the check it breaks most, and the whole by payloads that told nothing and by extra columns. */
export function judgeQuality(baseline: Baseline, counts: PaneCounts, options: MonitorOptions): readonly Judgement[] {
  if (!baseline.constraints.enabled || counts.records + counts.unreadable === 0) return [];
  const judged = (feature: string | undefined, excesses: readonly Excess[], sample: number): Judgement => {
    const worst = excesses.reduce((most, each) => (each.share > most.share ? each : most), none);
    const value = Math.max(0, worst.share);
    const level = levelOf(value, options.marks.quality, true, sample >= options.windows.minRecords);
    const scores = Object.fromEntries(excesses.map(({ check, share }) => [check, Math.max(0, share)]));
    return { monitor: 'data-quality', feature, statistic: worst.check, value, p: 1, level, sample, scores };
  };
  return [
    ...baseline.features.map((feature, index) =>
      judged(feature.name, excessesOf(baseline, feature, counts.features[index], counts.records), counts.records),
    ),
    judged(undefined, excessesOfAll(counts), payloadsOrRecords(counts)),
  ];
}

/** What the whole is judged by: where nothing can be read any more there are no records, and that is what is to be told. */
function payloadsOrRecords({ records, unreadable }: PaneCounts): number {
  return records + unreadable;
}

const none: Excess = { check: 'data_type_check', share: 0, description: '' };

/** The constraints that a window broke, in the words of Model Monitor. */
export function violationsOf(baseline: Baseline, counts: PaneCounts, options: MonitorOptions): readonly Violation[] {
  if (!baseline.constraints.enabled || payloadsOrRecords(counts) < options.windows.minRecords) return [];
  const broken = (feature: string | undefined, excesses: readonly Excess[]) =>
    excesses.filter(({ share }) => share > 0).map(({ check, description }) => ({ feature, check, description }));
  return [
    ...baseline.features.flatMap((feature, index) =>
      counts.records < options.windows.minRecords
        ? []
        : broken(feature.name, excessesOf(baseline, feature, counts.features[index], counts.records)),
    ),
    ...broken(undefined, excessesOfAll(counts)),
  ];
}

function excessesOf(
  { constraints }: Baseline,
  feature: Feature,
  counts: FeatureCounts | undefined,
  records: number,
): readonly Excess[] {
  const constraint = constraints.features.find(({ name }) => name === feature.name);
  if (counts === undefined || constraint === undefined || records === 0) return [];
  const present = records - counts.missing;
  const absent = counts.absent / records;
  const excess = (check: Check, share: number, description: string) => ({ check, share, description });
  // A column that is never there is missing; one that is there at times is incomplete.
  if (absent === 1) return [excess('missing_column_check', 1, 'is in the baseline and in no record')];
  const incomplete = constraint.completeness - present / records;
  return [
    excess(
      'completeness_check',
      incomplete,
      `${percent(present / records)} are there, not ${percent(constraint.completeness)}`,
    ),
    ...(present === 0 ? [] : valueExcesses(feature, constraint, counts, present, constraints)),
  ];
}

function valueExcesses(
  feature: Feature,
  constraint: FeatureConstraint,
  counts: FeatureCounts,
  present: number,
  { typeTolerance, domainTolerance }: Baseline['constraints'],
): readonly Excess[] {
  // A constraint edited to String, as for post codes that were numbers so far, allows any.
  const typed = constraint.type === 'Integral' || constraint.type === 'Fractional' || feature.kind !== 'numeric';
  const wrong = typed && constraint.type !== 'Unknown' ? counts.wrong / present : 0;
  const negative = constraint.nonNegative ? counts.negative / present : 0;
  const excesses: Excess[] = [
    {
      check: 'data_type_check',
      share: Math.max(wrong, negative) - typeTolerance,
      description: `${percent(wrong)} are not ${constraint.type}, ${percent(negative)} negative where none was`,
    },
  ];
  if (feature.kind === 'numeric') {
    const share = counts.outside / present - rangeTolerance;
    const description = `${percent(counts.outside / present)} are below ${feature.min} or above ${feature.max}`;
    excesses.push({ check: 'baseline_drift_check', share, description });
  }
  if (feature.kind !== 'numeric' && constraint.domain !== undefined) {
    const share = counts.outside / present - domainTolerance;
    const description = `${percent(counts.outside / present)} are values the domain does not have`;
    excesses.push({ check: 'categorical_values_check', share, description });
  }
  return excesses;
}

/** New extremes come by themselves; this many do not. */
const rangeTolerance = 0.05;

function excessesOfAll({ records, unreadable, extra }: PaneCounts): readonly Excess[] {
  if (records + unreadable === 0) return [];
  const [unread, more] = [unreadable / (records + unreadable), records === 0 ? 0 : extra / records];
  return [
    { check: 'data_type_check', share: unread, description: `${percent(unread)} of payloads could not be read` },
    {
      check: 'extra_column_check',
      share: more,
      description: `${percent(more)} have columns the baseline does not have`,
    },
  ];
}

function percent(share: number): string {
  return `${Math.round(share * 1_000) / 10} %`;
}
