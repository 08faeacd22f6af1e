import { sleep } from '../../core/clock.ts';
import { GatewayError, isApart, replicasApart } from '../../core/errors.ts';
import { seldom } from '../../core/seldom.ts';
import type { CanaryPorts } from './ports.ts';
import { type CanaryRecord, canaryKey, type Stop, stopKey } from './record.ts';
import { isRunning } from './states.ts';
import type { View } from './views.ts';

/** How a record is changed: together with the other replicas, or, for an end, alone. */
export interface Changes {
  /** Puts a record in the place of the one this replica knows; false when another replica was faster. */
  replace(view: View, next: CanaryRecord): Promise<boolean>;
  /** Ends a canary whatever the others say; they hear of it as soon as they can. */
  stopAlone(record: CanaryRecord, stop: Stop): Promise<void>;
  /**
   * Changes a model's record; `make` is asked anew when another replica was faster, and gives undefined for no change.
   * @throws GatewayError `replicas-apart` while the shared place does not answer, `internal` where the disk does not
   */
  change(
    model: string,
    make: (record: CanaryRecord | undefined) => CanaryRecord | undefined,
  ): Promise<CanaryRecord | undefined>;
}

/** A look of this or another replica is being written: it takes as long as a disk and Redis do. */
const tries = 40;
const againMs = 50;

/** @param made called with what this replica changed */
export function recordChanges(
  ports: Pick<CanaryPorts, 'clock' | 'state' | 'together' | 'warn'>,
  view: (model: string) => View,
  made: (record: CanaryRecord) => void,
): Changes {
  const { clock, state, together } = ports;
  const tell = seldom(ports);
  const replace: Changes['replace'] = async ({ text }, next) => {
    const done = await state.replace(canaryKey(next.model), text, JSON.stringify(next)).catch((error: unknown) => {
      if (!isApart(error)) tell(next.model, `the canary of ${next.model} cannot be written down: ${String(error)}`);
      throw error;
    });
    if (!done) return false;
    made(next);
    // The record tells it now; what was written down alone is only needed while it does not.
    const stopped = stopKey(next.model, next.id);
    if (!isRunning(next.state) && state.get(stopped) !== undefined) await state.delete(stopped);
    return true;
  };
  return {
    replace,
    stopAlone: async (record, stop) => {
      await state.set(stopKey(record.model, record.id), JSON.stringify(stop));
      made({ ...record, state: stop.state, reason: stop.reason, stateSinceMs: stop.atMs });
    },
    change: async (model, make) => {
      for (let left = tries; left > 0; left -= 1) {
        const now = view(model);
        const next = make(now.record);
        if (next === undefined) return undefined;
        if (!together()) throw replicasApart(wayOut);
        const done = await replace(now, next).catch((error: unknown) => {
          throw isApart(error) ? replicasApart(wayOut) : unwritten(error);
        });
        if (done) return next;
        await sleep(clock, againMs);
      }
      throw new GatewayError('conflict', 'The canary is being changed by others: look at its status and try again.');
    },
  };
}

const wayOut = 'Aborting a canary is possible.';

function unwritten(cause: unknown): GatewayError {
  const told = new GatewayError('internal', 'It could not be written down: see the log, and try again.', {
    status: 503,
  });
  return Object.assign(told, { cause });
}
