import type { Cancel, Clock } from '../core/clock.ts';
import type { Work } from './book.ts';
import { beatMs, createHeartbeats } from './heartbeats.ts';
import { createTakeOver, type TakeOverPorts } from './take-over.ts';

/** What a replica does for its work as a whole: it shows that it lives, and takes over what nobody works on. */
export interface Tending {
  start(): void;
  /** Resolves when what is under way is over. */
  stop(): Promise<void>;
}

/** Does nothing until started. */
export function createTending<W extends Work>(ports: TakeOverPorts<W> & { readonly clock: Clock }): Tending {
  const heartbeats = createHeartbeats(ports);
  const takeOver = createTakeOver(ports, heartbeats);
  let cancel: Cancel = () => {};
  let stopped = false;
  let underWay: Promise<void> | undefined;
  const once = async () => {
    try {
      await heartbeats.beat();
      const taken = await takeOver.run();
      if (taken > 0)
        ports.warn(
          `${taken} of kind ${ports.book.kind.name} were not this replica's before: their index was lost, or their replica`,
        );
    } catch (error) {
      ports.warn(`the buckets could not be looked through for work: ${String(error)}`);
    }
  };
  const turn = () => {
    if (ports.options() === undefined) return;
    underWay ??= once().finally(() => {
      underWay = undefined;
    });
  };
  return {
    start: () => {
      if (stopped) return;
      turn();
      cancel = ports.clock.every(beatMs, turn);
    },
    stop: async () => {
      stopped = true;
      cancel();
      await underWay;
    },
  };
}
