/**
 * How much more a sum of calls varies than that of independent ones, as calls of one caller are alike: the design effect
 * (Kish 1965; here with variances between groups of callers, as in Rao and Scott 1992, "A simple method for the analysis
 * of clustered binary data"). Callers are put into a few dozen groups by hash, so that what is kept does not grow with
 * them: groups of many callers vary among each other as much more than independent calls as callers do.
 */
export interface Spread {
  /** Variance that the sum of all values would have, were they independent. */
  readonly all: number;
  /** Values of all groups, and the sum that was expected of them. */
  readonly n: number;
  readonly expected: number;
  /** By group: variance as `all`, of the group's values alone, and their sum less what was expected of it. */
  readonly groups: Readonly<Record<string, GroupSpread>>;
}

/** Of one group. */
export interface GroupSpread {
  readonly variance: number;
  readonly residual: number;
}

/** Number, sum and sum of squares of the values of one group. */
export interface GroupValues {
  readonly n: number;
  readonly sum: number;
  readonly squares: number;
}

/** Of no values. */
export const noSpread: Spread = { all: 0, n: 0, expected: 0, groups: {} };

/**
 * With the values of one stratum more: one in which both versions' values had this mean and variance.
 *
 * @param count of all values, those of no group included
 */
export function addSpread(
  spread: Spread,
  values: Readonly<Record<string, GroupValues>>,
  { count, mean, variance }: { readonly count: number; readonly mean: number; readonly variance: number },
): Spread {
  const groups = { ...spread.groups };
  let added = 0;
  for (const [group, { n, sum }] of Object.entries(values)) {
    const before = groups[group] ?? { variance: 0, residual: 0 };
    groups[group] = {
      variance: short(before.variance + n * variance),
      residual: short(before.residual + sum - n * mean),
    };
    added += n;
  }
  const [n, expected] = [spread.n + added, spread.expected + added * mean];
  return { all: spread.all + count * variance, n, expected, groups };
}

/** What is kept of hundreds of groups should be short; an estimate needs no more digits. */
function short(value: number): number {
  return Number(value.toPrecision(7));
}

/** Of fewer groups nothing can be told about how groups differ: all that differs from the other version is laid to them. */
const leastGroups = 4;

/**
 * The design effect of one version's sum, 1 or more. What all groups have in common is the version's, and is taken out
 * first.
 *
 * @param of `shares`, values of 0 and 1: a version with more ones than were expected has another variance as well
 */
export function designEffect(spread: Spread, of: 'shares' | 'values'): number {
  const { all, groups } = spread;
  const known = Object.values(groups).filter(({ variance }) => variance > 0);
  const total = sumOf(known, 'variance');
  if (total === 0 || all === 0) return 1;
  const few = known.length < leastGroups;
  const common = few ? 0 : sumOf(known, 'residual') / total;
  let [seen, usual] = [0, 0];
  for (const { variance, residual } of known) {
    seen += (residual - common * variance) ** 2;
    usual += few ? variance : variance * (1 - variance / total);
  }
  const own = of === 'shares' && !few ? ownVariance(spread) : 1;
  if (usual === 0 || own === 0) return 1;
  const grouped = Math.max(1, seen / (usual * own));
  return Math.max(1, (all - total + total * grouped) / Math.max(all, total));
}

/** The variance of shares as they were, over that of shares as expected. */
function ownVariance({ n, expected, groups }: Spread): number {
  const [usual, seen] = [expected / n, (expected + sumOf(Object.values(groups), 'residual')) / n];
  return Math.max(0, (seen * (1 - seen)) / (usual * (1 - usual)));
}

function sumOf(groups: readonly GroupSpread[], name: keyof GroupSpread): number {
  return groups.reduce((sum, group) => sum + group[name], 0);
}
