import type { DriftPorts } from './ports.ts';

/** How often it is told that nothing can be learned, ms. */
const warnEveryMs = 60_000;

/**
 * Runs what needs the other replicas' consent. What they cannot agree on now is learned with a later turn: windows are
 * judged all the same.
 */
export function untilAgreed({ clock, warn }: Pick<DriftPorts, 'clock' | 'warn'>) {
  let warnedAt = Number.NEGATIVE_INFINITY;
  return async (learn: () => Promise<void>): Promise<void> => {
    try {
      await learn();
    } catch (error) {
      if (clock.now() - warnedAt < warnEveryMs) return;
      warnedAt = clock.now();
      warn(`a new baseline could not be agreed on, and is tried again: ${String(error)}`);
    }
  };
}
