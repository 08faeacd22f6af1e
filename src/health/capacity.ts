import type { Cancel, Clock } from '../core/clock.ts';

/** Waits for a slot on any of a few places. */
export interface SlotQueue<Place> {
  /** True when one of `places` got a free slot, false after `waitMs`, on abort, or at once when too many wait already. */
  wait(places: readonly Place[], waitMs: number, signal: AbortSignal): Promise<boolean>;
  /** A slot of `place` became free: the longest-waiting caller that can use it is told. */
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
 * First come, first told. A wake-up is a hint, not a reservation: a call that arrives just then may take the slot.
 * `maxWaiting` is read at each wait, since a reload may change it.
 */
export function slotQueue<Place>(clock: Clock, maxWaiting: () => number): SlotQueue<Place> {
  const waiting = new Set<Waiter<Place>>();
  return {
    wait(places, waitMs, signal) {
      if (waitMs <= 0 || signal.aborted || waiting.size >= maxWaiting()) return Promise.resolve(false);
      return new Promise(resolve => {
        const leave = (gotSlot: boolean) => {
          waiting.delete(waiter);
          cancel();
          signal.removeEventListener('abort', abort);
          resolve(gotSlot);
        };
        const abort = () => leave(false);
        const cancel: Cancel = clock.after(waitMs, abort);
        const waiter: Waiter<Place> = { places, leave };
        signal.addEventListener('abort', abort, { once: true });
        waiting.add(waiter);
      });
    },
    freed(place) {
      if (waiting.size === 0) return;
      for (const waiter of waiting) {
        if (!waiter.places.includes(place)) continue;
        waiter.leave(true);
        return;
      }
    },
    stop() {
      for (const waiter of waiting) waiter.leave(false);
    },
    get length() {
      return waiting.size;
    },
  };
}
