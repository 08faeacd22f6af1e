import type { Cancel, Clock } from '../core/clock.ts';
import { type Priority, priorities } from '../core/priority.ts';

/** Waits for a slot on any of a few places. */
export interface SlotQueue<Place> {
  /**
   * True when one of `places` got a free slot, false after `waitMs`, on abort, or when too many wait already; then the
   * newest of the less important makes room, if there is one.
   */
  wait(places: readonly Place[], waitMs: number, signal: AbortSignal, priority?: Priority): Promise<boolean>;
  /** A slot of `place` became free: the most important caller that can use it is told, the longest-waiting of those. */
  freed(place: Place): void;
  /** Sends everybody away. */
  stop(): void;
  readonly length: number;
}

interface Waiter<Place> {
  readonly places: readonly Place[];
  readonly leave: (gotSlot: boolean) => void;
}

/**
 * Among equals first come, first told. A wake-up is a hint, not a reservation: a call that arrives just then may take the
 * slot. `maxWaiting` is read at each wait, since a reload may change it; `usable` says whether a call of this priority
 * finds a slot at a place now.
 */
export function slotQueue<Place>(
  clock: Clock,
  maxWaiting: () => number,
  usable: (place: Place, priority: Priority) => boolean = () => true,
): SlotQueue<Place> {
  const queues: Record<Priority, Set<Waiter<Place>>> = { critical: new Set(), normal: new Set(), sheddable: new Set() };
  const length = () => queues.critical.size + queues.normal.size + queues.sheddable.size;
  /** Whether there is room for one more, if need be by sending a less important one away. */
  const makesRoom = (priority: Priority): boolean => {
    if (length() < maxWaiting()) return true;
    const lesser = priorities.slice(priorities.indexOf(priority) + 1).toReversed();
    const newest = lesser.flatMap(each => [...queues[each]].at(-1) ?? []).at(0);
    newest?.leave(false);
    return newest !== undefined;
  };
  return {
    wait(places, waitMs, signal, priority = 'normal') {
      if (waitMs <= 0 || signal.aborted || !makesRoom(priority)) return Promise.resolve(false);
      return new Promise(resolve => {
        const leave = (gotSlot: boolean) => {
          queues[priority].delete(waiter);
          cancel();
          signal.removeEventListener('abort', abort);
          resolve(gotSlot);
        };
        const abort = () => leave(false);
        const cancel: Cancel = clock.after(waitMs, abort);
        const waiter: Waiter<Place> = { places, leave };
        signal.addEventListener('abort', abort, { once: true });
        queues[priority].add(waiter);
      });
    },
    freed(place) {
      for (const priority of priorities) {
        if (queues[priority].size === 0 || !usable(place, priority)) continue;
        for (const waiter of queues[priority]) {
          if (!waiter.places.includes(place)) continue;
          waiter.leave(true);
          return;
        }
      }
    },
    stop() {
      for (const queue of Object.values(queues)) for (const waiter of queue) waiter.leave(false);
    },
    get length() {
      return length();
    },
  };
}
