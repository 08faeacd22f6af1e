import type { Clock } from '../core/clock.ts';
import type { Model } from '../core/model.ts';
import type { Target } from '../core/target.ts';
import type { Candidate, RoutedRequest } from './router.ts';
import { expectedMs } from './warmth.ts';

/** A target that got a call within this time is warm enough. */
const periodMs = 10_000;

/**
 * Sends a small share of a model's calls to targets that would otherwise get none, so that connections, containers and
 * estimates are warm before a failover needs them (Amazon Builders' Library, "Avoiding fallback in distributed
 * systems": use all paths all the time).
 *
 * A model earns `warmShare` of a call with each call and spends a whole one at a time; each target takes at most one per
 * 10 s. Never for pinned or session calls, nor to a target expected to take over half the deadline, nor (unless
 * `warmServerless`) to a serverless one, which would be paid for. A target that was never measured, after a start or a
 * reload, is owed one call at once: otherwise the first one measured would keep the traffic for minutes.
 */
export interface WarmShare {
  /** Place of the candidate whose turn it is, or 0. Counts the call, and the turn as taken. */
  take(model: Model, candidates: readonly Candidate[], request: RoutedRequest): number;
  /** The candidate that would be next in turn, without counting anything. */
  next(model: Model, candidates: readonly Candidate[], request: RoutedRequest): Candidate | undefined;
  retain(ids: ReadonlySet<string>): void;
}

/** Takes turns among the targets that get no traffic otherwise. */
export function createWarmShare(ports: { clock: Clock; lastObservedAt(target: Target): number }): WarmShare {
  const credits = new Map<string, number>();
  const sentAt = new Map<string, number>();

  /** Longest idle of those whose turn it may be; 0 when none. */
  const due = (model: Model, candidates: readonly Candidate[], request: RoutedRequest, credit: number): number => {
    const now = ports.clock.now();
    const limitMs = Math.min(model.deadlineMs, request.hints.timeoutMs ?? model.deadlineMs) / 2;
    let place = 0;
    let longestMs = periodMs;
    for (let index = 1; index < candidates.length; index += 1) {
      const candidate = candidates[index];
      if (candidate === undefined || !mayWarm(candidate, model, limitMs)) continue;
      const sent = sentAt.get(candidate.target.id);
      if (credit < 1 && (sent !== undefined || candidate.estimate.samples > 0)) continue;
      const last = Math.max(sent ?? Number.NEGATIVE_INFINITY, ports.lastObservedAt(candidate.target));
      if (now - last < longestMs || (place > 0 && now - last === longestMs)) continue;
      longestMs = now - last;
      place = index;
    }
    return place;
  };

  return {
    take: (model, candidates, request) => {
      if (model.warmShare === 0 || isHeld(request)) return 0;
      const credit = Math.min(1, (credits.get(model.name) ?? 0) + model.warmShare);
      const place = candidates.length > 1 ? due(model, candidates, request, credit) : 0;
      credits.set(model.name, place > 0 ? Math.max(0, credit - 1) : credit);
      const chosen = candidates[place];
      if (place > 0 && chosen !== undefined) sentAt.set(chosen.target.id, ports.clock.now());
      return place;
    },
    next: (model, candidates, request) =>
      model.warmShare === 0 || isHeld(request) ? undefined : candidates[due(model, candidates, request, 1) || -1],
    retain: ids => {
      for (const id of sentAt.keys()) if (!ids.has(id)) sentAt.delete(id);
    },
  };
}

function isHeld({ hints, fields }: RoutedRequest): boolean {
  if (hints.session !== undefined || fields.sessionId !== undefined) return true;
  return hints.region !== undefined && 'pin' in hints.region;
}

function mayWarm({ target, estimate, inFlight, share }: Candidate, model: Model, limitMs: number): boolean {
  if (inFlight > 0 || share < 1) return false;
  if (target.kind === 'sagemaker-serverless' && !model.warmServerless) return false;
  if (model.policy === 'weighted' && target.weight === 0) return false;
  return expectedMs(estimate) <= limitMs;
}
