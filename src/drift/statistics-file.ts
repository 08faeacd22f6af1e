import { type Feature, presentOf } from './baseline.ts';
import type { StatisticsFile } from './baseline-schema.ts';
import { numbersOf } from './describe.ts';
import { addExactly, roundedSum } from './exact-sum.ts';
import type { Instance } from './payload.ts';

const buckets = 10;
/** Parameters of the sketch, as Model Monitor's own files have them. */
const sketch = { c: 0.64, k: 2_048 };

/** `statistics.json` as Model Monitor writes it, of the records a baseline was made of. */
export function statisticsFile(
  features: readonly Feature[],
  instances: readonly Instance[],
  typed: boolean,
): StatisticsFile {
  return {
    version: 0,
    dataset: { item_count: instances.length },
    features: features.map(feature => {
      const common = { num_present: presentOf(feature), num_missing: feature.missing };
      const values = instances.flatMap(instance => instance.get(feature.name) ?? []);
      const numbers = feature.kind === 'numeric' ? numbersOf(values, typed) : undefined;
      if (numbers !== undefined && feature.kind === 'numeric') {
        const inferred = feature.integral ? ('Integral' as const) : ('Fractional' as const);
        return {
          name: feature.name,
          inferred_type: inferred,
          numerical_statistics: numerical(feature, common, numbers),
        };
      }
      return {
        name: feature.name,
        inferred_type: 'String' as const,
        string_statistics: textual(common, values.map(String)),
      };
    }),
  };
}

function numerical(
  { mean, deviation, min, max }: Extract<Feature, { kind: 'numeric' }>,
  common: object,
  numbers: readonly number[],
) {
  const sum: number[] = [];
  for (const value of numbers) addExactly(sum, value);
  return {
    common: common as { num_present: number; num_missing: number },
    mean,
    sum: roundedSum(sum),
    std_dev: deviation,
    min,
    max,
    distribution: {
      kll: { buckets: evenBuckets(numbers, min, max), sketch: { parameters: sketch, data: levels(numbers) } },
    },
  };
}

/** Always ten, of the same width. */
function evenBuckets(numbers: readonly number[], min: number, max: number) {
  const width = (max - min) / buckets;
  const counts = new Array<number>(buckets).fill(0);
  for (const value of numbers) {
    const bucket = width === 0 ? 0 : Math.min(buckets - 1, Math.floor((value - min) / width));
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  return counts.map((count, index) => ({
    lower_bound: min + index * width,
    upper_bound: index === buckets - 1 ? max : min + (index + 1) * width,
    count,
  }));
}

/** Compactors of a KLL sketch: a value at level h stands for 2^h. All values at level 0 where there are few enough. */
function levels(numbers: readonly number[]): number[][] {
  const sorted = numbers.toSorted((a, b) => a - b);
  let level = 0;
  while (sorted.length > sketch.k * 2 ** level) level += 1;
  const step = 2 ** level;
  const kept = sorted.filter((_, index) => index % step === step >> 1);
  return [...Array.from({ length: level }, () => []), kept];
}

function textual(common: { num_present: number; num_missing: number }, values: readonly string[]) {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const most = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, buckets);
  return {
    common,
    distinct_count: counts.size,
    distribution: { categorical: { buckets: most.map(([value, count]) => ({ value, count })) } },
  };
}
