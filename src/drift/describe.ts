import { binOf } from '../statistics/fixed-histogram.ts';
import type { Feature, NumericFeature } from './baseline.ts';
import { largestFigure } from './baseline-schema.ts';
import { addExactly, roundedSum } from './exact-sum.ts';
import { type Instance, numberIn, type Value } from './payload.ts';

/** How features are cut into bins. */
export interface BinOptions {
  /** Of numbers, at most. */
  readonly bins: number;
  /** Named texts, at most. */
  readonly texts: number;
}

/** Ten bins, as in credit scoring where the index comes from, and as many texts as a person might look through. */
export const usualBins: BinOptions = { bins: 10, texts: 50 };

/** Texts of which more than this share occur once only are no categories. */
const opaqueShare = 0.5;

/** The features of records as a baseline keeps them. @param typed as `Records.typed` */
export function describeFeatures(
  instances: readonly Instance[],
  typed: boolean,
  options: BinOptions = usualBins,
): readonly Feature[] {
  return namesIn(instances).map(name =>
    describe(
      name,
      instances.map(instance => instance.get(name) ?? null),
      typed,
      options,
    ),
  );
}

/** Callers may name what they like: a baseline holds no more names, those of most records. */
const mostFeatures = 1_000;

function namesIn(instances: readonly Instance[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const instance of instances) for (const name of instance.keys()) counts.set(name, (counts.get(name) ?? 0) + 1);
  counts.delete(''); // no file of a baseline has a feature without a name
  if (counts.size <= mostFeatures) return [...counts.keys()];
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  return sorted.slice(0, mostFeatures).map(([name]) => name);
}

/** One feature; it is numeric when every value that is there is a number. */
export function describe(
  name: string,
  values: readonly Value[],
  typed: boolean,
  options: BinOptions = usualBins,
): Feature {
  const present = values.filter(value => value !== null).filter(value => !isTooLarge(value, typed));
  const missing = values.length - present.length;
  const numbers = numbersOf(present, typed);
  if (numbers !== undefined) return numericFeature(name, numbers, missing, options.bins);
  const counts = new Map<string, number>();
  for (const value of present) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
  if (counts.size > options.texts && counts.size > opaqueShare * present.length)
    return { kind: 'opaque', name, present: present.length, missing };
  const named = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, options.texts);
  const rest = present.length - named.reduce((sum, [, count]) => sum + count, 0);
  return {
    kind: 'text',
    name,
    values: named.map(([value]) => value),
    counts: [...named.map(([, count]) => count), rest],
    missing,
  };
}

/** A number of which no baseline can be made, as `1e999` in a caller's JSON is: it counts as missing. */
function isTooLarge(value: Exclude<Value, null>, typed: boolean): boolean {
  const number = typeof value === 'string' && !typed ? numberIn(value) : value;
  return typeof number === 'number' && !(Math.abs(number) <= largestFigure / 2); // an edge lies a little above the greatest
}

/** Undefined when one of them is no number, or none is there. */
export function numbersOf(values: readonly Exclude<Value, null>[], typed: boolean): readonly number[] | undefined {
  const numbers = values.map(value => (typeof value === 'string' && !typed ? numberIn(value) : value));
  return numbers.length > 0 && numbers.every(value => typeof value === 'number') ? numbers : undefined;
}

function numericFeature(name: string, numbers: readonly number[], missing: number, bins: number): NumericFeature {
  const sorted = Float64Array.from(numbers).sort();
  const [first] = sorted;
  const constant = first !== undefined && first === sorted.at(-1);
  const edges = constant ? edgesAround(first) : quantileEdges(sorted, bins);
  const counts = new Array<number>(edges.length + 1).fill(0);
  const sum: number[] = [];
  for (const value of sorted) {
    addExactly(sum, value);
    const bin = binOf(edges, value);
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  const mean = roundedSum(sum) / sorted.length;
  const squares: number[] = [];
  for (const value of sorted) addExactly(squares, (value - mean) ** 2);
  return {
    kind: 'numeric',
    name,
    integral: numbers.every(Number.isInteger),
    edges,
    counts,
    missing,
    min: sorted[0] ?? 0,
    max: sorted.at(-1) ?? 0,
    mean,
    deviation: Math.sqrt(roundedSum(squares) / sorted.length),
  };
}

/**
 * Edges between as many bins of equal counts as the values allow. An edge lies midway between two values that differ,
 * so a value that makes up more than one bin, such as 0 mm of rain, has one to itself.
 */
export function quantileEdges(sorted: Float64Array, bins: number): readonly number[] {
  const edges: number[] = [];
  for (let bin = 1; bin < bins; bin++) {
    const start = Math.round((bin * sorted.length) / bins);
    const edge = edgeAfter(sorted, Math.max(1, start));
    if (edge !== undefined && edge > (edges.at(-1) ?? Number.NEGATIVE_INFINITY)) edges.push(edge);
  }
  return edges;
}

/** Edges that leave a bin to this value alone: what was always the same has changed when it is another. */
export function edgesAround(value: number): readonly number[] {
  return [value, value + Math.max(Number.MIN_VALUE, Math.abs(value) * Number.EPSILON)];
}

/** Midway between the value before `index` and the next one that differs. */
function edgeAfter(sorted: Float64Array, index: number): number | undefined {
  const before = sorted[index - 1] as number;
  const next = sorted[firstAbove(sorted, before)];
  if (next === undefined) return undefined;
  const middle = before / 2 + next / 2;
  return middle > before ? middle : next;
}

function firstAbove(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
