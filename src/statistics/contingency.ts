import { chiSquareTail, normalTail } from './special.ts';

/** A chi-square statistic with its degrees of freedom and the chance to exceed it. */
export interface ChiSquare {
  readonly statistic: number;
  readonly degrees: number;
  readonly p: number;
}

/** Two rows of two counts. */
export type TwoByTwo = readonly [readonly [number, number], readonly [number, number]];

/**
 * Pearson's chi-square test of independence over a table of counts. Rows and columns without any count are left out;
 * a table with one row or column left has nothing to say (p = 1). `yates` applies the continuity correction, which is
 * meant for 2 × 2.
 */
export function chiSquareContingency(table: readonly (readonly number[])[], yates = false): ChiSquare {
  const rows = table.filter(row => sum(row) > 0);
  const columnSums = (rows[0] ?? []).map((_, column) => sum(rows.map(row => row[column] ?? 0)));
  const total = sum(columnSums);
  let statistic = 0;
  for (const row of rows) {
    const rowSum = sum(row);
    row.forEach((count, column) => {
      const expected = (rowSum * (columnSums[column] ?? 0)) / total;
      if (expected === 0) return;
      const difference = Math.abs(count - expected);
      statistic += (difference - (yates ? Math.min(0.5, difference) : 0)) ** 2 / expected;
    });
  }
  const degrees = (rows.length - 1) * (columnSums.filter(count => count > 0).length - 1);
  return degrees <= 0 ? { statistic: 0, degrees: 0, p: 1 } : result(statistic, degrees);
}

/** Chi-square test whether two count vectors over the same bins come from one distribution. */
export function chiSquareTwoSample(left: readonly number[], right: readonly number[]): ChiSquare {
  return chiSquareContingency([left, right]);
}

/** Chi-square goodness of fit of observed counts to expected ones (none of them zero). */
export function chiSquareFit(observed: readonly number[], expected: readonly number[]): ChiSquare {
  const terms = observed.map((count, index) => {
    const wanted = expected[index] ?? Number.NaN;
    return (count - wanted) ** 2 / wanted;
  });
  return result(sum(terms), observed.length - 1);
}

/**
 * Significance of a population stability index between samples of n and m over so many bins: under no drift
 * PSI · n·m/(n+m) is about chi-square with bins − 1 degrees of freedom (Yurdakul 2018).
 */
export function stabilitySignificance(stability: number, n: number, m: number, bins: number): ChiSquare {
  return result(stability * n * (m / (n + m)), bins - 1);
}

/** Fisher's exact test of a 2 × 2 table, two-sided: the chance of all tables as unlikely as this one or more. */
export function fisherExact([[a, b], [c, d]]: TwoByTwo): number {
  const [row, column, rest] = [a + b, a + c, d - a];
  // Weights relative to the table seen, by the ratio of neighbours: no factorials, no cancellation.
  let [all, unlikely] = [1, 1];
  const add = (weight: number) => {
    all += weight;
    if (weight <= 1 + 1e-7) unlikely += weight;
  };
  // What is left out is no more than the last digit; and past every number, this table's share is none.
  const counts = (weight: number) => weight > 1e-40 && weight < Infinity;
  let weight = 1;
  for (let x = a; x > Math.max(0, -rest) && counts(weight); x -= 1) {
    weight *= (x * (rest + x)) / ((row - x + 1) * (column - x + 1));
    add(weight);
  }
  weight = 1;
  for (let x = a; x < Math.min(row, column) && counts(weight); x += 1) {
    weight *= ((row - x) * (column - x)) / ((x + 1) * (rest + x + 1));
    add(weight);
  }
  return Math.min(1, unlikely / all);
}

/** Two-proportion z test with pooled variance: z is positive when the first share is greater; p is two-sided. */
export function twoProportionZ(
  successes: number,
  trials: number,
  otherSuccesses: number,
  otherTrials: number,
): { readonly z: number; readonly p: number } {
  const pooled = (successes + otherSuccesses) / (trials + otherTrials);
  const variance = pooled * (1 - pooled) * (1 / trials + 1 / otherTrials);
  if (!(variance > 0)) return { z: 0, p: 1 };
  const z = (successes / trials - otherSuccesses / otherTrials) / Math.sqrt(variance);
  return { z, p: Math.min(1, 2 * normalTail(Math.abs(z))) };
}

function result(statistic: number, degrees: number): ChiSquare {
  return { statistic, degrees, p: chiSquareTail(statistic, degrees) };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
