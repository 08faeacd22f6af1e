import { ascending } from '../ranking.ts';
import type { Candidate, Policy } from '../router.ts';
import { expectedMs } from '../warmth.ts';

/** Calls whose costs differ by less than a tenth of a cent per million are equally cheap: noise must not beat latency. */
const stepUsd = 1e-9;

/** Marginal cost as a rank: rounded, an unknown price after every known one. */
export function costRank({ costUsd }: Candidate): number {
  return costUsd === undefined ? Number.POSITIVE_INFINITY : Math.round(costUsd / stepUsd);
}

/** Cheapest first by marginal cost, equally cheap ones by expected time, unknown prices last. */
export function lowestCost(): Policy {
  return {
    rule: 'marginal cost, lowest first; equal ones by expected time; unknown prices last',
    order: candidates => ascending(candidates, costRank, candidate => expectedMs(candidate.estimate)),
  };
}
