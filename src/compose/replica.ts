import type { Clock } from '../core/clock.ts';
import { watchEventLoop } from './event-loop.ts';

/** What this process is up to, whatever its upstreams do. */
export interface Replica {
  /** Requests being served. */
  readonly inFlight: { requests: number };
  /** Set once, by the shutdown. */
  draining: boolean;
  /** Why it should get no traffic; undefined when it should. */
  notReady(): string | undefined;
  stop(): void;
}

/** A replica that is ready from the start, and watches its event loop. */
export function createReplica(clock: Clock): Replica {
  const eventLoop = watchEventLoop(clock);
  const replica: Replica = {
    inFlight: { requests: 0 },
    draining: false,
    notReady: () => (replica.draining ? 'draining' : eventLoop.stuck() ? 'the event loop is stuck' : undefined),
    stop: eventLoop.stop,
  };
  return replica;
}
