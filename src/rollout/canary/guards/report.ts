import { alphas, type GuardName } from '../alpha.ts';

/** What one guard says now. It condemns when its statistic reaches the threshold. */
export interface GuardReport {
  readonly guard: GuardName;
  /**
   * `unclear`: not enough is known to pass a step; `no-data`: the model gives nothing to compare, on either side;
   * `off`: the plan leaves it out.
   */
  readonly verdict: 'condemns' | 'fine' | 'unclear' | 'no-data' | 'off';
  /** `verify`: back to a step in which stable has calls, to be compared there. */
  readonly action: 'rollback' | 'hold' | 'verify';
  readonly statistic: number;
  readonly threshold: number;
  /** Both sides' value of what is compared; null where there is none. */
  readonly canary: number | null;
  readonly stable: number | null;
  readonly unit: 'share' | 'ms' | 'usd-per-1000' | 'loss' | 'distance' | 'calls';
  /** In words: the margin, and what is missing. */
  readonly detail: string;
}

/** Beyond this an e-value is only "very large"; JSON has no infinity. */
const mostLog = 690;

/** An e-process as statistic and threshold: it condemns at 1/alpha. */
export function evidenceOf(guard: GuardName, log: number): Pick<GuardReport, 'guard' | 'statistic' | 'threshold'> {
  return { guard, statistic: Math.exp(Math.min(log, mostLog)), threshold: 1 / alphas[guard] };
}

/** A share as operators read it. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 ? 2 : 1)} %`;
}
