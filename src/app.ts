import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import type { Refusal } from './compose/admin.ts';
import { createBatches } from './compose/batches.ts';
import { createGateway } from './compose/gateway.ts';
import { publishGauges } from './compose/gauges.ts';
import { createJobs } from './compose/jobs.ts';
import { listenOn, within } from './compose/listen.ts';
import { createObservers } from './compose/observers.ts';
import { createParts, type Parts, useConfig } from './compose/parts.ts';
import { adminPlane, dataPlane } from './compose/planes.ts';
import { createReplica } from './compose/replica.ts';
import type { ResolvedConfig } from './config/resolve.ts';
import { type Clock, sleep } from './core/clock.ts';
import type { Random } from './core/random.ts';
import type { LogSink } from './telemetry/logger.ts';
import type { Metrics } from './telemetry/metrics.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** How long a start or a reload waits for keys; after that it goes on with the identities that have some. */
const keysWaitMs = 10_000;

/** What the process hands in. */
export interface AppDeps {
  readonly resolved: ResolvedConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: LogSink;
}

/** A gateway that does not listen yet: tests inject requests, `listen` opens the ports. */
export interface App {
  readonly data: FastifyInstance;
  readonly admin: FastifyInstance;
  readonly parts: Parts;
  readonly metrics: Metrics;
  /** Opens both listeners; resolves to their URLs. Rejects with the port's name when it is taken. */
  listen(): Promise<{ data: string; admin: string }>;
  /** Puts a config in force, whole. Calls in flight finish on the one they began with. */
  reload(resolved: ResolvedConfig): Promise<void>;
  /** Records a config that was refused; the one in force stays. */
  refuse(reasons: readonly string[]): void;
  /** Fails readiness, waits, finishes what is in flight within the limit, lets go of everything. */
  shutdown(): Promise<void>;
}

/** What a reload replaces. */
interface InForce {
  resolved: ResolvedConfig;
  /** Of the last config, if it was refused. */
  refusal: Refusal | undefined;
}

/** The composition root: what the gateway consists of, in the order of the request path. */
export async function createApp({ resolved, clock, random, log }: AppDeps): Promise<App> {
  const inForce: InForce = { resolved, refusal: undefined };
  const config = () => inForce.resolved;
  const { metrics, emit } = createObservers(log, resolved.config.log.sampleRate, random);
  const parts = await createParts({ clock, random, emit, logger: log.logger, config });
  const serve = createGateway(parts);
  const jobs = createJobs(parts, serve, message => log.logger.warn(message));
  const batches = createBatches(parts, message => log.logger.warn(message));
  const replica = createReplica(clock);
  const planes = {
    parts,
    serve,
    jobs,
    batches,
    replica,
    metrics,
    logger: log.logger,
    version,
    refusal: () => inForce.refusal,
  };
  const data = dataPlane(planes);
  const admin = adminPlane(planes);
  publishGauges(metrics, { parts, jobs, batches, replica, version, log });
  const tell = (ok: boolean, detail: string) =>
    emit({ type: 'config-reloaded', ok, hash: inForce.resolved.hash, detail });
  tell(true, 'started');
  return {
    data,
    admin,
    parts,
    metrics,
    listen: async () => {
      await within(clock, keysWaitMs, parts.backends.ready());
      return {
        data: await listenOn(data, resolved.config.listen.data, 'listen.data'),
        admin: await listenOn(admin, resolved.config.listen.admin, 'listen.admin'),
      };
    },
    reload: reloader(parts, inForce, tell),
    refuse: reasons => {
      inForce.refusal = { at: new Date(clock.wallMs()).toISOString(), reasons };
      tell(false, reasons.join('; '));
    },
    shutdown: async () => {
      replica.draining = true;
      const { drainMs, shutdownMs } = config().config.limits;
      if (data.server.listening) await sleep(clock, drainMs);
      const endsAt = clock.now() + shutdownMs;
      const inTime = (work: Promise<unknown>) => within(clock, Math.max(0, endsAt - clock.now()), work);
      await inTime(data.close());
      await inTime(Promise.all([jobs.stop(), batches.stop()]));
      parts.work.start(parts.callers.close);
      await inTime(parts.work.settled());
      parts.health.stop();
      replica.stop();
      parts.cache.close();
      await inTime(admin.close());
      await parts.backends.stop();
      await parts.stores.close();
      log.flush();
    },
  };
}

/** Swaps the config once its keys are there, unless a newer one came meanwhile. */
function reloader(parts: Parts, inForce: InForce, tell: (ok: boolean, detail: string) => void): App['reload'] {
  let newest = inForce.resolved;
  return async next => {
    newest = next;
    const { refusal } = inForce;
    await within(parts.clock, keysWaitMs, parts.backends.prepare(next));
    if (newest !== next) return;
    const before = inForce.resolved;
    inForce.resolved = next;
    if (inForce.refusal === refusal) inForce.refusal = undefined; // else a newer one was refused meanwhile
    useConfig(parts, before, next);
    tell(true, 'reloaded');
  };
}
