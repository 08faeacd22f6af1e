/** How Page and Hinkley's test for a rise of a mean is set up; defaults as in river. */
export interface PageHinkleyOptions {
  /** Values before the first alarm can be. */
  readonly leastValues: number;
  /** Rise that is tolerated, in the unit of the values. */
  readonly tolerance: number;
  /** Sum of deviations that is an alarm. */
  readonly threshold: number;
  /** Forgetting factor of the sum, at most 1. */
  readonly forgetting: number;
}

/** river's defaults. */
export const usualPageHinkley: PageHinkleyOptions = {
  leastValues: 30,
  tolerance: 0.005,
  threshold: 50,
  forgetting: 0.9999,
};

/** State of the test; plain JSON. */
export interface PageHinkley {
  readonly count: number;
  readonly mean: number;
  /** Deviations above the mean so far, never below 0. */
  readonly sum: number;
  /** Whether the last value raised the alarm; the next one then begins anew. */
  readonly drifted: boolean;
}

/** A test that has seen nothing. */
export const noPageHinkley: PageHinkley = { count: 0, mean: 0, sum: 0, drifted: false };

/** The test after one value more (Page 1954, in river's form). One that is not finite is passed over: no mean outlives it. */
export function stepPageHinkley(
  before: PageHinkley,
  value: number,
  options: PageHinkleyOptions = usualPageHinkley,
): PageHinkley {
  if (!Number.isFinite(value)) return before.drifted ? noPageHinkley : before;
  const { count: counted, mean: former, sum: summed } = before.drifted ? noPageHinkley : before;
  const count = counted + 1;
  const mean = former + (value - former) / count;
  const sum = Math.max(0, options.forgetting * summed + value - mean - options.tolerance);
  return { count, mean, sum, drifted: count >= options.leastValues && sum >= options.threshold };
}
