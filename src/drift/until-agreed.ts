import { seldom } from '../core/seldom.ts';
import type { DriftPorts } from './ports.ts';

/**
 * Runs what needs the other replicas' consent. What they cannot agree on now is learned with a later turn: windows are
 * judged all the same.
 */
export function untilAgreed(ports: Pick<DriftPorts, 'clock' | 'warn'>) {
  const tell = seldom(ports);
  return async (learn: () => Promise<void>): Promise<void> => {
    try {
      await learn();
    } catch (error) {
      tell('', `a new baseline could not be agreed on, and is tried again: ${String(error)}`);
    }
  };
}
