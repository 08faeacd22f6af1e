import { sleep } from '../core/clock.ts';
import type { LogSink } from '../telemetry/logger.ts';
import { within } from './listen.ts';
import type { Parts } from './parts.ts';
import type { Replica } from './replica.ts';

interface Stops {
  stop(): void;
}
interface Ends {
  stop(): Promise<void>;
}

interface Plane {
  readonly server: { readonly listening: boolean };
  close(): Promise<unknown>;
}

/** All that runs in a gateway, and has to end with it. */
export interface Running {
  readonly data: Plane;
  readonly admin: Plane;
  readonly parts: Parts;
  readonly replica: Replica;
  readonly canaries: Stops;
  readonly shadowing: Stops;
  readonly builds: Stops;
  readonly jobs: Ends;
  readonly batches: Ends;
  readonly registry: Stops;
  readonly versions: Stops;
  readonly episodes: Ends;
  readonly drift: Ends;
  readonly log: LogSink;
}

/** Fails readiness, waits, finishes what is in flight within `limits.shutdownMs`, lets go of everything. */
export async function shutdown(running: Running): Promise<void> {
  const { data, admin, parts, replica, jobs, batches } = running;
  const { clock, work } = parts;
  replica.draining = true;
  for (const part of [running.canaries, running.shadowing, running.builds]) part.stop();
  const { drainMs, shutdownMs } = parts.config().config.limits;
  if (data.server.listening) await sleep(clock, drainMs);
  const endsAt = clock.now() + shutdownMs;
  const inTime = (ending: Promise<unknown>) => within(clock, Math.max(0, endsAt - clock.now()), ending);
  await inTime(data.close());
  await inTime(Promise.all([jobs.stop(), batches.stop()]));
  running.registry.stop();
  running.versions.stop();
  await inTime(running.episodes.stop());
  await inTime(running.drift.stop());
  work.start(parts.callers.close);
  await inTime(work.settled());
  parts.health.stop();
  replica.stop();
  parts.cache.close();
  await inTime(admin.close());
  await parts.backends.stop();
  await parts.stores.close();
  running.log.flush();
}
