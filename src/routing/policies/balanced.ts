import type { Clock } from '../../core/clock.ts';
import type { Model } from '../../core/model.ts';
import { ascending, withFirst } from '../ranking.ts';
import type { Candidate, Policy, RoutedRequest } from '../router.ts';
import { expectedMs } from '../warmth.ts';

/** Another must be better by this much … */
const margin = 0.12;
/** … for this long … */
const holdMs = 10_000;
/** … or this many times better, at once: an incumbent that fails or stalls is not held on to. */
const farBetter = 3;
/** Cost of an unknown price, in units of the dearest known one: never the cheapest. */
const unknownPrice = 2;

/** The target that has the traffic of one version, and since when it would have had to give it up. */
export interface Incumbent {
  readonly targetId: string;
  readonly challengedAt: number | undefined;
}
/** Who was first last time, by model and version. */
export type Incumbents = Map<string, Incumbent>;

/**
 * (1 − w) × latency ÷ the model's objective + w × cost ÷ the dearest candidate's, lowest first, w being `costWeight`. An
 * unknown price counts as twice the dearest. The one that has the traffic keeps it until another is clearly better for a while,
 * so that two alike do not take turns. Callers bound to a region or residency neither move nor bind the others.
 */
export function balanced(clock: Clock, incumbents: Incumbents): Policy {
  return {
    rule: 'latency and cost weighed; the one in charge stays until another is 12 % better for 10 s',
    order: (candidates, model, request) => {
      const first = candidates[0];
      if (first === undefined) return candidates;
      const dearestUsd = dearest(candidates);
      const sorted = ascending(candidates, candidate => score(candidate, model, dearestUsd));
      const best = sorted[0] ?? first;
      const key = `${best.target.model}/${best.target.version}`;
      let incumbent = incumbents.get(key);
      if (!isBound(request)) {
        incumbent = review(incumbent, best, candidates, candidate => score(candidate, model, dearestUsd), clock.now());
        incumbents.set(key, incumbent);
      }
      const place = sorted.findIndex(candidate => candidate.target.id === incumbent?.targetId);
      return place > 0 ? withFirst(sorted, place) : sorted;
    },
  };
}

function dearest(candidates: readonly Candidate[]): number {
  let most = 0;
  for (const { costUsd } of candidates) if (costUsd !== undefined && costUsd > most) most = costUsd;
  return most;
}

function score({ estimate, costUsd }: Candidate, model: Model, dearestUsd: number): number {
  const latency = expectedMs(estimate) / model.slo.latencyMs;
  const known = dearestUsd === 0 ? 0 : (costUsd ?? 0) / dearestUsd;
  return (1 - model.costWeight) * latency + model.costWeight * (costUsd === undefined ? unknownPrice : known);
}

/** Who is in charge now. One that is missing (full, ejected, gone) is given the same time to come back. */
function review(
  incumbent: Incumbent | undefined,
  best: Candidate,
  candidates: readonly Candidate[],
  scoreOf: (candidate: Candidate) => number,
  now: number,
): Incumbent {
  if (incumbent === undefined) return { targetId: best.target.id, challengedAt: undefined };
  const present = candidates.find(candidate => candidate.target.id === incumbent.targetId);
  const bestScore = scoreOf(best);
  if (present !== undefined && bestScore * farBetter < scoreOf(present))
    return { targetId: best.target.id, challengedAt: undefined };
  if (present !== undefined && bestScore >= scoreOf(present) * (1 - margin))
    return incumbent.challengedAt === undefined ? incumbent : { targetId: incumbent.targetId, challengedAt: undefined };
  const challengedAt = incumbent.challengedAt ?? now;
  if (now - challengedAt >= holdMs) return { targetId: best.target.id, challengedAt: undefined };
  return incumbent.challengedAt === undefined ? { targetId: incumbent.targetId, challengedAt } : incumbent;
}

function isBound({ hints, caller, fields }: RoutedRequest): boolean {
  return (
    hints.region !== undefined ||
    hints.residency !== undefined ||
    caller.residency !== undefined ||
    fields.targetVariant !== undefined ||
    fields.inferenceComponent !== undefined ||
    fields.targetModel !== undefined
  );
}
