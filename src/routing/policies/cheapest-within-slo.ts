import type { Model } from '../../core/model.ts';
import { ascending, loadedMs } from '../ranking.ts';
import type { Candidate, Policy } from '../router.ts';
import { costRank } from './lowest-cost.ts';

/** More failures than this and the 95th percentile is a failure. */
const mostFailures = 0.05;

/** Ranks after every known cost: first those that meet the objective at an unknown price, then those that miss it. */
const unknownPrice = Number.MAX_SAFE_INTEGER;
const tooSlow = Number.POSITIVE_INFINITY;

/** Whether 95 of 100 calls there are answered within the model's objective, set-up included. Unmeasured: no. */
export function meetsSlo({ estimate }: Candidate, model: Model): boolean {
  if (estimate.samples === 0 || estimate.failureShare > mostFailures) return false;
  return estimate.p95Ms + (1 - estimate.warmth) * estimate.setupMs <= model.slo.latencyMs;
}

/** The cheapest of those that meet the latency objective, then the rest, fastest first. */
export function cheapestWithinSlo(): Policy {
  return {
    rule: 'cheapest whose p95 meets the latency objective; then the rest, fastest first',
    order: (candidates, model) =>
      ascending(
        candidates,
        candidate => (meetsSlo(candidate, model) ? Math.min(costRank(candidate), unknownPrice) : tooSlow),
        loadedMs,
      ),
  };
}
