import { noPageHinkley, type PageHinkley, stepPageHinkley, usualPageHinkley } from '../statistics/page-hinkley.ts';
import type { JoinedTruth } from './drift.ts';
import type { DriftPorts } from './ports.ts';

/** Errors are shares or multiples of their mean so far, so these are of no unit: some 20 errors beyond the usual rate. */
const options = { ...usualPageHinkley, tolerance: 0.05, threshold: 20 };

/** An error counts as so many times the mean at most: no single truth, however far off, is a shift or hides the next. */
const mostTimes = 5;
/** From so many errors on the mean is known. */
const settled = 30;

interface Watch {
  state: PageHinkley;
  /** Mean absolute error so far, of numbers. */
  scale: number;
  count: number;
}

/**
 * The online detector: Page and Hinkley's test on the errors of each version as ground truth comes in, on this replica.
 * It depends on their order, so it cannot be added up over replicas; windows are what all agree on.
 */
export function errorShifts(ports: Pick<DriftPorts, 'emit' | 'clock' | 'counted'>): {
  add(truth: JoinedTruth, threshold: number | undefined): void;
} {
  const watches = new Map<string, Watch>();
  return {
    add: ({ model, version, predicted, truth }, threshold) => {
      const key = `${model} ${version}`;
      const watch = watches.get(key) ?? { state: noPageHinkley, scale: 0, count: 0 };
      watches.set(key, watch);
      const error = errorOf(watch, predicted, truth, threshold);
      watch.state = stepPageHinkley(watch.state, error, options);
      if (!watch.state.drifted) return;
      ports.counted.add('meridian_error_shifts_total', { model, version });
      ports.emit({
        type: 'drift-judged',
        model,
        version,
        monitor: 'performance',
        feature: undefined,
        statistic: 'page-hinkley',
        value: watch.state.sum,
        level: 'drifted',
        sample: watch.state.count,
        windowEndsAt: ports.clock.wallMs(),
      });
    },
  };
}

/** 1 for a wrong label; for numbers the error in units of the mean error so far. */
function errorOf(
  watch: Watch,
  predicted: number | string,
  truth: number | string,
  threshold: number | undefined,
): number {
  if (typeof predicted === 'number' && threshold !== undefined)
    return Number(String(Number(predicted >= threshold)) !== String(truth));
  if (typeof predicted === 'string' || typeof truth === 'string') return Number(String(predicted) !== String(truth));
  const known = watch.count >= settled && watch.scale > 0;
  const farthest = known ? mostTimes * watch.scale : Number.MAX_VALUE / settled;
  const error = Math.min(farthest, Math.abs(predicted - truth));
  watch.count += 1;
  watch.scale += (error - watch.scale) / watch.count;
  return watch.scale === 0 ? 0 : error / watch.scale;
}
