import type { FaultBoard } from './faults.ts';
import { lognormal, type Random } from './random.ts';

/** How long things take in one region, in milliseconds. */
export interface Timing {
  /** There and back between a client in Seattle and the region. */
  roundTripMs(endpoint?: string): number;
  /** Work of this median length: a prediction, a set-up, a load. */
  workMs(medianMs: number, endpoint: string): number;
}

const networkSigma = 0.12;
const workSigma = 0.25;
const defaultSlowFactor = 3;

/** Lognormal around the medians, times `scale` (0 removes all waiting) and times the factor of a `slow` fault. */
export function createTiming(
  region: string,
  roundTripMedianMs: number,
  scale: number,
  random: Random,
  faults: FaultBoard,
): Timing {
  const draw = (medianMs: number, sigma: number, endpoint: string | undefined) => {
    const slow = faults.hit(region, 'slow', endpoint);
    const factor = slow === undefined ? 1 : (slow.factor ?? defaultSlowFactor);
    return lognormal(random, medianMs, sigma) * scale * factor;
  };
  return {
    roundTripMs: endpoint => draw(roundTripMedianMs, networkSigma, endpoint),
    workMs: (medianMs, endpoint) => draw(medianMs, workSigma, endpoint),
  };
}
