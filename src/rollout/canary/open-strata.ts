import { addCallers } from './callers.ts';
import type { Both, RegionCounts } from './counts.ts';

/** Calls of both sides in one region that are not yet compared. */
export interface OpenStratum extends Both<RegionCounts> {
  /** Wall-clock ms of the look that saw the first of them. */
  readonly sinceMs: number;
}

/** By region. */
export type OpenStrata = Readonly<Record<string, OpenStratum>>;

/**
 * So many calls are compared together: of fewer, most looks would hold those of one side alone, which say nothing. With
 * twenty, one call in twenty is lost so.
 */
const leastInStratum = 20;
/** Later calls are of other minutes. */
const longestMs = 60_000;

/**
 * Calls of a look, with those that waited, as far as there are enough of them or they have waited long enough: so
 * that looks may be made as often as one likes, however few calls there are. Both limits know how many calls there
 * are, and not how those went.
 */
export function closeStrata(
  open: OpenStrata,
  regions: ReadonlyMap<string, Both<RegionCounts>>,
  atMs: number,
): { readonly closed: ReadonlyMap<string, Both<RegionCounts>>; readonly open: OpenStrata } {
  const closed = new Map<string, Both<RegionCounts>>();
  const waiting: Record<string, OpenStratum> = {};
  for (const region of new Set([...Object.keys(open), ...regions.keys()])) {
    const [before, fresh] = [open[region], regions.get(region)];
    const canary = addCalls(before?.canary, fresh?.canary);
    const stable = addCalls(before?.stable, fresh?.stable);
    if (canary === undefined || stable === undefined) continue;
    const sinceMs = before?.sinceMs ?? atMs;
    const full = canary.calls + stable.calls >= leastInStratum || atMs - sinceMs >= longestMs;
    if (full) closed.set(region, { canary, stable });
    else waiting[region] = { canary, stable, sinceMs };
  }
  return { closed, open: waiting };
}

function addCalls(left: RegionCounts | undefined, right: RegionCounts | undefined): RegionCounts | undefined {
  if (left === undefined || right === undefined) {
    const only = left ?? right;
    return only && { ...only, callers: only.callers ?? {} }; // records of before they were kept have none
  }
  return {
    calls: left.calls + right.calls,
    errors: left.errors + right.errors,
    callerFaults: left.callerFaults + right.callerFaults,
    misconfigured: left.misconfigured + right.misconfigured,
    again: left.again + right.again,
    refusedAgain: left.refusedAgain + right.refusedAgain,
    latency: left.latency.map((count, bin) => count + (right.latency[bin] ?? 0)),
    callers: addCallers(left.callers ?? {}, right.callers),
  };
}
