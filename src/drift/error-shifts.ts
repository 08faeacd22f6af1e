import { noPageHinkley, type PageHinkley, stepPageHinkley, usualPageHinkley } from '../statistics/page-hinkley.ts';
import type { JoinedTruth } from './drift.ts';
import type { DriftPorts } from './ports.ts';

/** Errors are shares or multiples of their mean so far, so it is of no unit: some 20 errors beyond the usual rate. */
export const alarmAt = 20;
const options = { ...usualPageHinkley, tolerance: 0.05, threshold: alarmAt };

/** An error counts as so many times the mean at most: no single truth, however far off, is a shift or hides the next. */
const mostTimes = 5;
/** Of numbers, the first errors only tell how large errors usually are: their mean without the largest tenth. */
const settled = 30;
const usualShare = 0.9;

interface Watch {
  state: PageHinkley;
  /** Of numbers, until they are settled. */
  readonly first: number[];
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
      const watch = watches.get(key) ?? { state: noPageHinkley, first: [], scale: 0, count: 0 };
      watches.set(key, watch);
      const error = errorOf(watch, predicted, truth, threshold);
      if (error === undefined) return;
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
        window: 'stream',
      });
    },
  };
}

/** 1 for a wrong label; for numbers the error in units of the mean error so far, undefined until that is known. */
function errorOf(
  watch: Watch,
  predicted: number | string,
  truth: number | string,
  threshold: number | undefined,
): number | undefined {
  if (typeof predicted === 'number' && threshold !== undefined)
    return Number(String(Number(predicted >= threshold)) !== String(truth));
  if (typeof predicted === 'string' || typeof truth === 'string') return Number(String(predicted) !== String(truth));
  const { first } = watch;
  const farthest = watch.scale > 0 ? mostTimes * watch.scale : Number.MAX_VALUE / settled;
  const error = Math.min(farthest, Math.abs(predicted - truth));
  watch.count += 1;
  if (first.length < settled) {
    first.push(error);
    if (first.length === settled) watch.scale = usualOf(first);
    return undefined;
  }
  watch.scale += (error - watch.scale) / watch.count;
  return watch.scale === 0 ? 0 : error / watch.scale;
}

function usualOf(errors: readonly number[]): number {
  const usual = errors.toSorted((a, b) => a - b).slice(0, Math.floor(usualShare * errors.length));
  return usual.reduce((sum, error) => sum + error / usual.length, 0);
}
