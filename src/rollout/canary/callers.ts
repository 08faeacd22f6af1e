import { addSpread, designEffect, type GroupValues, noSpread, type Spread } from '../../statistics/design-effect.ts';
import type { Both, RegionCounts, Side } from './counts.ts';

/**
 * What calls of one caller may be alike in: errors, answers slower than stable's p50 and p95, costs, losses, and sizes of
 * predictions.
 */
export const likenesses = {
  e: 'errors',
  l: 'latencyP50',
  t: 'latencyP95',
  $: 'cost',
  q: 'loss',
  p: 'predictions',
} as const;
/** One of them, as counters are named by it. */
export type Likeness = keyof typeof likenesses;

/** Values of callers who come again, by likeness and by group of callers. */
export type Callers = Readonly<Partial<Record<Likeness, Readonly<Record<string, GroupValues>>>>>;

/** How groups of callers differ so far, by likeness; empty while no caller comes again. */
export type CallerEvidence = Readonly<Partial<Record<Likeness, Both<Spread>>>>;

/** Whether a counter's name is of one. */
export function isLikeness(kind: string | undefined): kind is Likeness {
  return kind !== undefined && Object.hasOwn(likenesses, kind);
}

/** Values that are being added up. */
export type CallersDraft = Partial<Record<Likeness, Record<string, Record<keyof GroupValues, number>>>>;

/** Adds one counter: `n` values, their sum `s`, or `x`, the sum of their squares less their sum. */
export function addCallerCount(
  callers: CallersDraft,
  { kind, field, group }: { readonly kind: Likeness; readonly field: string; readonly group: string },
  by: number,
): void {
  const groups = callers[kind] ?? {};
  callers[kind] = groups;
  const values = groups[group] ?? { ...noValues };
  groups[group] = values;
  if (field === 'n') values.n += by;
  if (field === 's') values.sum += by;
  if (field === 's' || field === 'x') values.squares += by;
}

const noValues: GroupValues = { n: 0, sum: 0, squares: 0 };

function plus(left: GroupValues = noValues, right: GroupValues): GroupValues {
  return { n: left.n + right.n, sum: left.sum + right.sum, squares: left.squares + right.squares };
}

/** Sum of two. */
export function addCallers(left: Callers, right: Callers): Callers {
  const sum: Partial<Record<Likeness, Record<string, GroupValues>>> = {};
  for (const [kind, groups] of [...Object.entries(left), ...Object.entries(right)])
    for (const [group, values] of Object.entries(groups)) {
      const known = sum[kind as Likeness] ?? {};
      known[group] = plus(known[group], values);
      sum[kind as Likeness] = known;
    }
  return sum;
}

/** The evidence after the strata of one look; each group is held against what both sides had in its stratum. */
export function gatherCallers(before: CallerEvidence, strata: Iterable<Both<RegionCounts>>): CallerEvidence {
  const next: Partial<Record<Likeness, Both<Spread>>> = { ...before };
  for (const { canary, stable } of strata) {
    for (const kind of Object.keys(likenesses) as Likeness[]) {
      const usual = usualOf(kind, canary, stable, next[kind] !== undefined);
      if (usual === undefined) continue;
      const known = next[kind] ?? { canary: noSpread, stable: noSpread };
      const side = (name: Side, counts: RegionCounts) =>
        addSpread(known[name], counts.callers[kind] ?? {}, { ...usual, count: countOf(kind, counts) });
      next[kind] = { canary: side('canary', canary), stable: side('stable', stable) };
    }
  }
  return next;
}

/** Mean and variance of both sides' values together; undefined where no caller comes again. */
function usualOf(kind: Likeness, canary: RegionCounts, stable: RegionCounts, known: boolean) {
  const { n, sum, squares } = [canary, stable]
    .flatMap(({ callers }) => Object.values(callers[kind] ?? {}))
    .reduce(plus, noValues);
  const calls = canary.calls + stable.calls;
  // Errors are known of all calls, so that a few callers among many count for few.
  if (kind === 'e' && (known || n > 0) && calls > 0) {
    const mean = (canary.errors + stable.errors) / calls;
    return { mean, variance: mean * (1 - mean) };
  }
  return n === 0 ? undefined : { mean: sum / n, variance: Math.max(0, squares / n - (sum / n) ** 2) };
}

/** All values of a side, as many of them being of callers who come again as of its calls are. */
function countOf(kind: Likeness, { calls, callers }: RegionCounts): number {
  const values = (of: Likeness) => Object.values(callers[of] ?? {}).reduce((total, { n }) => total + n, 0);
  if (kind === 'e') return calls;
  const again = values('e');
  return values(kind) * (again === 0 ? 1 : Math.max(1, calls / again));
}

/**
 * How many times more a difference of both sides varies in this than one of independent calls would: 1 where no caller
 * comes again. Evidence counts for so much less. Were both versions alike, either side's would tell; few callers of the
 * canary's may agree by chance, and stable may have had none of the rare ones whose calls all fail: the greater is taken.
 */
export function effectOf({ callers }: { readonly callers?: CallerEvidence | undefined }, kind: Likeness): number {
  const spreads = callers?.[kind];
  if (spreads === undefined) return 1;
  const of = kind === 'e' || kind === 'l' || kind === 't' ? 'shares' : 'values';
  return Math.max(designEffect(spreads.canary, of), designEffect(spreads.stable, of));
}

/** Whether it holds of a side's calls also without the group of callers that has most errors: one caller shows nothing. */
export function withoutOneCaller(
  side: RegionCounts,
  holds: (side: Pick<RegionCounts, 'calls' | 'errors'>) => boolean,
): boolean {
  const groups = Object.values(side.callers.e ?? {});
  const worst = groups.reduce((most, group) => (group.sum > most.sum ? group : most), noValues);
  return holds(side) && holds({ calls: side.calls - worst.n, errors: side.errors - worst.sum });
}
