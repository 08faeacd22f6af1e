import { withoutOneCaller } from './callers.ts';
import type { Both, RegionCounts } from './counts.ts';
import type { Look } from './look.ts';
import type { CanaryRecord } from './record.ts';

/** A look's calls without those of regions that are ill. */
export interface Counted {
  /** Regions left out, and since when. */
  readonly degraded: Readonly<Record<string, number>>;
  readonly regions: ReadonlyMap<string, Both<RegionCounts>>;
  /** Regions that are ill, or were at the look before. */
  readonly ill: ReadonlySet<string>;
}

/** So many calls, and failures among them, are needed to call a region ill by its calls. */
const leastCalls = 5;
const leastErrors = 3;
/** Far above what is usual there: this many times the usual rate, and this much more. */
const times = 3;
const more = 0.1;
/** A region that was ill and has had no calls since is believed well again after this. */
const forgottenMs = 10_000;

/**
 * Leaves out the regions that are ill: those that health has emptied, where stable's targets are out, or where stable
 * itself fails far more than usual. What a canary does there says nothing about the canary. Where no stable calls are
 * left to compare with (at 100 %), failures in some regions and not in others are the regions'.
 */
export function leaveOutIll(record: CanaryRecord, look: Look): Counted {
  const wave = new Set(record.plan.waves[record.wave]);
  const here = [...look.counts.regions].filter(([region]) => wave.has(region)); // elsewhere only stable serves
  const degraded: Record<string, number> = {};
  const mark = (region: string) => {
    degraded[region] = record.degraded[region] ?? look.atMs;
  };
  for (const region of look.ill.keys()) mark(region);
  const alone = here.filter(([, { canary, stable }]) => canary.calls > 0 && stable.calls === 0);
  const failing = alone.filter(([region, { canary }]) => failsUnusually(canary, usualErrors(record, region)));
  for (const [region, { stable }] of here) {
    if (failsUnusually(stable, usualErrors(record, region))) mark(region);
  }
  if (failing.length > 0 && failing.length < alone.length) for (const [region] of failing) mark(region);
  for (const [region, sinceMs] of Object.entries(record.degraded)) {
    const stable = look.counts.regions.get(region)?.stable;
    const canary = look.counts.regions.get(region)?.canary;
    const silent = (stable?.calls ?? 0) + (canary?.calls ?? 0) === 0;
    if (silent && look.atMs - sinceMs < forgottenMs) mark(region);
  }
  // One that was ill until now had part of this look's calls while it was.
  const ill = new Set([...Object.keys(degraded), ...Object.keys(record.degraded)]);
  const regions = new Map(here.filter(([region]) => !ill.has(region)));
  return { degraded, regions, ill };
}

/** One caller whose calls all fail makes no region ill; on the canary's side he would not either. */
function failsUnusually(side: RegionCounts, usual: number): boolean {
  return withoutOneCaller(
    side,
    ({ calls, errors }) => calls >= leastCalls && errors >= leastErrors && errors / calls > times * usual + more,
  );
}

/** Stable's share of errors in this region so far; one in twenty while little is known. */
function usualErrors({ evidence }: CanaryRecord, region: string): number {
  const { calls = 0, errors = 0 } = evidence.regions[region]?.stable ?? {};
  return (errors + 1) / (calls + 20);
}
