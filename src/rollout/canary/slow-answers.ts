/** Tells, of each answer, whether it is as slow as stable's slower half, and as its slowest twentieth, in its region. */
export interface SlowAnswers {
  /** One of stable's more. @param bin of `latencyEdges` */
  note(region: string, bin: number): void;
  /** Undefined while too few are known. */
  isSlow(region: string, bin: number): { readonly p50: boolean; readonly p95: boolean } | undefined;
}

/** Cuts are set when so many are known, and anew when there are twice as many. */
const firstCutAt = 100;

interface Region {
  readonly bins: number[];
  count: number;
  nextAt: number;
  cuts: { readonly p50: number; readonly p95: number } | undefined;
}

/** Nothing is known at first. The cuts need not be those of other replicas: they only show how alike callers' answers are. */
export function slowAnswers(): SlowAnswers {
  const regions = new Map<string, Region>();
  return {
    note: (name, bin) => {
      const region = regions.get(name) ?? { bins: [], count: 0, nextAt: firstCutAt, cuts: undefined };
      regions.set(name, region);
      region.bins[bin] = (region.bins[bin] ?? 0) + 1;
      region.count += 1;
      if (region.count < region.nextAt) return;
      region.nextAt *= 2;
      region.cuts = { p50: binAt(region, 0.5), p95: binAt(region, 0.95) };
    },
    isSlow: (name, bin) => {
      const cuts = regions.get(name)?.cuts;
      return cuts && { p50: bin >= cuts.p50, p95: bin >= cuts.p95 };
    },
  };
}

function binAt({ bins, count }: Region, quantile: number): number {
  let below = 0;
  for (let bin = 0; bin < bins.length; bin += 1) {
    below += bins[bin] ?? 0;
    if (below >= count * quantile) return bin;
  }
  return bins.length;
}
