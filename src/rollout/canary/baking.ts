import type { Clock } from '../../core/clock.ts';
import type { CanaryRecord } from './record.ts';

/** What is in the store when a process starts has arrived after so long. */
const settledMs = 5_000;

/** Times how long canaries have been at their step, as far as this process saw. */
export interface Baking {
  /** Wall-clock ms by which the step's time is to be judged now; called often, so that a step's begin is seen. */
  judgedAt(record: CanaryRecord): number;
}

/**
 * Wall clocks of replicas may be far apart, and one that is ahead would take a step that has not baked. So a process
 * that saw the step begin believes its own monotonic clock where that says less; one that started later has only the
 * wall clock to go by.
 */
export function createBaking(clock: Clock): Baking {
  const bornAt = clock.now();
  const seen = new Map<string, { readonly step: string; readonly at: number }>();
  return {
    judgedAt: ({ model, id, wave, step, stepSinceMs, plan }) => {
      const here = `${id}/${wave}/${step}`;
      const known = seen.get(model);
      const began = known !== undefined || clock.now() - bornAt > settledMs;
      const at = known?.step === here ? known.at : began ? clock.now() : Number.NEGATIVE_INFINITY;
      seen.set(model, { step: here, at });
      // Another replica may have taken the step a look ago.
      return Math.min(clock.wallMs(), stepSinceMs + clock.now() - at + plan.lookEveryMs);
    },
  };
}
