import { type QuantileLook, stepQuantileTest } from '../../statistics/quantile-test.ts';
import { addRates, noRateDifference } from '../../statistics/rate-difference.ts';
import { type RateArm, type RateTable, stepRateTest } from '../../statistics/rate-test.ts';
import { alphas } from './alpha.ts';
import { effectOf, gatherCallers } from './callers.ts';
import {
  addMirrored,
  type Both,
  type Counts,
  latencyEdges,
  type RegionCounts,
  regionOfStratum,
  type Strata,
} from './counts.ts';
import type { Counted } from './degraded.ts';
import { addTotals, type Evidence } from './evidence.ts';
import { gatherDrawn } from './gather-drawn.ts';
import { gatherMeans } from './gather-means.ts';
import { addPredictions, judgePredictions } from './guards/predictions.ts';
import type { Look } from './look.ts';
import { closeStrata } from './open-strata.ts';
import type { Plan } from './plan.ts';

/** The evidence after one look: what was counted in regions that are well, each call once. */
export function gather(before: Evidence, { regions, ill }: Counted, look: Look, plan: Plan): Evidence {
  const { counts } = look;
  const well = (strata: Strata): Strata => new Map([...strata].filter(([key]) => !ill.has(regionOfStratum(key))));
  const { closed, open } = closeStrata(before.open ?? {}, regions, look.atMs);
  const tables = (arm: (side: RegionCounts) => RateArm): RateTable[] =>
    [...closed.values()].map(({ canary, stable }) => ({ canary: arm(canary), stable: arm(stable) }));
  const callers = gatherCallers(before.callers ?? {}, closed.values());
  const failed = tables(({ calls, errors }) => ({ calls, errors }));
  return {
    regions: addRegions(before.regions, regions),
    open,
    errors: stepRateTest(before.errors, failed),
    callers,
    stepErrors: [...failed, apart(failed)].reduce(addRates, before.stepErrors ?? noRateDifference),
    callerFaults: stepRateTest(
      before.callerFaults,
      // One who asks wrongly always does, and always on the same side: the first call of each tells.
      tables(side => ({ calls: side.calls - side.again, errors: side.callerFaults - side.refusedAgain })),
    ),
    latency: gatherLatency(before.latency, closed, plan.guards.latency.margin),
    // Counted in all regions together: while one is ill, nothing tells which of them were made there.
    predictions: ill.size > 0 ? before.predictions : gatherPredictions({ ...before, callers }, counts.predictions),
    cost: gatherMeans(before.cost, well(counts.cost), plan.guards.cost.margin),
    loss: gatherMeans(before.loss, well(counts.loss), plan.guards.quality.margin),
    ...gatherDrawn(before, look),
    mirrored: addMirrored(before.mirrored, counts.mirrored),
    run: before.run,
  };
}

/**
 * Calls of regions in which only one side had any, as where targets are about as near and each side keeps to its own: against
 * each other, of the same minutes. They prove nothing against a version, but without them it would never pass.
 */
function apart(tables: readonly RateTable[]): RateTable {
  const sum = (side: keyof Both<unknown>, other: keyof Both<unknown>): RateArm => {
    const alone = tables.filter(table => table[other].calls === 0).map(table => table[side]);
    return {
      calls: alone.reduce((all, { calls }) => all + calls, 0),
      errors: alone.reduce((all, { errors }) => all + errors, 0),
    };
  };
  return { canary: sum('canary', 'stable'), stable: sum('stable', 'canary') };
}

function gatherPredictions(
  { predictions, callers }: Pick<Evidence, 'predictions' | 'callers'>,
  more: Both<Counts>,
): Evidence['predictions'] {
  const sum = { ...predictions, ...addPredictions(predictions, more) };
  return judgePredictions(sum, { alpha: alphas.predictions, designEffect: effectOf({ callers }, 'p') });
}

function addRegions(
  before: Evidence['regions'],
  regions: ReadonlyMap<string, Both<RegionCounts>>,
): Evidence['regions'] {
  const sum = { ...before };
  for (const [region, { canary, stable }] of regions) {
    const known = sum[region];
    sum[region] = {
      canary: addTotals(known?.canary, totalsIn(canary)),
      stable: addTotals(known?.stable, totalsIn(stable)),
    };
  }
  return sum;
}

function totalsIn({ calls, errors, callerFaults, misconfigured }: RegionCounts) {
  return { calls, errors, callerFaults, misconfigured };
}

function gatherLatency(
  before: Evidence['latency'],
  regions: ReadonlyMap<string, Both<RegionCounts>>,
  margin: number,
): Evidence['latency'] {
  const looks: QuantileLook[] = [...regions].map(([stratum, { canary, stable }]) => ({
    stratum,
    canary: canary.latency,
    stable: stable.latency,
  }));
  const step = (quantile: number, rates: Evidence['errors']) =>
    stepQuantileTest({ quantile, margin, edges: latencyEdges, seen: before.seen, rates }, looks);
  const p50 = step(0.5, before.p50);
  const plus = (sum: readonly number[], side: keyof Both<unknown>) =>
    looks.reduce((all, look) => look[side].map((count, bin) => count + (all[bin] ?? 0)), sum);
  return {
    seen: p50.seen,
    p50: p50.rates,
    p95: step(0.95, before.p95).rates,
    all: { canary: plus(before.all.canary, 'canary'), stable: plus(before.all.stable, 'stable') },
  };
}
