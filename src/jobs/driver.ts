import type { Cancel, Clock } from '../core/clock.ts';
import type { Book, Work } from './book.ts';
import type { JobsOptions } from './options.ts';

/** Jobs, or batches, worked on at once. */
const mostAtOnce = 32;
const tickMs = 50;
/** Between two looks for jobs past their retention: a share of it, but not seldom. */
const sweepShare = 0.1;
const sweepAtMostMs = 60_000;
/** After a step that failed by a fault of our own. */
const failedAgainMs = 2_000;

/** What driving work needs of the rest. */
export interface DriverPorts<W extends Work> {
  readonly clock: Clock;
  readonly book: Book<W>;
  readonly replica: string;
  options(): JobsOptions | undefined;
  warn(message: string): void;
  /** Does what is to be done about it next; `againMs`: when to look again, from now. */
  step(work: W, options: JobsOptions): Promise<{ readonly againMs: number }>;
}

/** Works on everything open of this replica, a step at a time. */
export interface Driver {
  start(): void;
  /** Looks at it now. */
  nudge(id: string): void;
  /** Takes no new step; resolves when those under way are over. */
  stop(): Promise<void>;
}

/** Does nothing until started. */
export function createDriver<W extends Work>(ports: DriverPorts<W>): Driver {
  const { clock, book } = ports;
  /** When each is to be looked at, monotonic ms; at once when it is not there. */
  const dueAt = new Map<string, number>();
  const running = new Map<string, Promise<void>>();
  const run = async (work: W, options: JobsOptions): Promise<void> => {
    try {
      const { againMs } = await ports.step(work, options);
      dueAt.set(work.id, clock.now() + againMs);
    } catch (error) {
      ports.warn(
        `a step of ${book.kind.name} ${work.id} failed: ${error instanceof Error ? error.stack : String(error)}`,
      );
      dueAt.set(work.id, clock.now() + failedAgainMs);
    } finally {
      running.delete(work.id);
      if (book.get(work.id) === undefined) dueAt.delete(work.id);
    }
  };
  const sweep = (options: JobsOptions) => {
    for (const work of book.closed()) {
      if (running.size >= mostAtOnce) return;
      const expired = clock.wallMs() - (work.finishedAtMs ?? 0) > options.retentionHours * 3_600_000;
      if (expired && work.owner === ports.replica && !running.has(work.id))
        running.set(work.id, run({ ...work, removing: true }, options));
    }
  };
  let stops: Cancel[] | undefined;
  let sweepAt = Number.NEGATIVE_INFINITY;
  const tick = () => {
    const options = ports.options();
    if (options === undefined || running.size >= mostAtOnce) return;
    const now = clock.now();
    if (now >= sweepAt) {
      sweepAt = now + Math.min(sweepAtMostMs, options.retentionHours * 3_600_000 * sweepShare);
      sweep(options);
    }
    for (const work of book.open()) {
      if (running.size >= mostAtOnce) return;
      if (work.owner !== ports.replica || running.has(work.id) || (dueAt.get(work.id) ?? 0) > now) continue;
      running.set(work.id, run(work, options));
    }
  };
  return {
    start: () => {
      stops ??= [clock.every(tickMs, tick)];
    },
    nudge: id => {
      dueAt.delete(id);
      if (stops !== undefined) tick();
    },
    stop: async () => {
      for (const stop of stops ?? []) stop();
      stops = []; // a start that comes late must not work
      await Promise.all(running.values());
    },
  };
}
