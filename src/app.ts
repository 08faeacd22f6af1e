import type { FastifyInstance } from 'fastify';
import { createBatches } from './compose/batches.ts';
import { createBuilds } from './compose/builds.ts';
import { type CanaryPart, createCanaryPart } from './compose/canary.ts';
import { createDrift, type DriftSide } from './compose/drift.ts';
import { episodeSources } from './compose/episode-sources.ts';
import { createEpisodes } from './compose/episodes.ts';
import { createGateway } from './compose/gateway.ts';
import { publishGauges } from './compose/gauges.ts';
import { createJobs } from './compose/jobs.ts';
import { listenOn, within } from './compose/listen.ts';
import { createObservers } from './compose/observers.ts';
import { createParts, type Parts } from './compose/parts.ts';
import { adminPlane, dataPlane } from './compose/planes.ts';
import { watchRegistry } from './compose/registry-watch.ts';
import { createReloads, type InForce, keysWaitMs } from './compose/reloads.ts';
import { createReplica } from './compose/replica.ts';
import { createShadowing, type Shadowing } from './compose/shadow.ts';
import { shutdown } from './compose/shutdown.ts';
import { createTogether } from './compose/together.ts';
import { gatewayVersion } from './compose/version.ts';
import { createVersions, hasNewVersions } from './compose/versions.ts';
import type { ResolvedConfig } from './config/resolve.ts';
import type { Clock } from './core/clock.ts';
import type { Listener } from './core/events.ts';
import type { Random } from './core/random.ts';
import type { Builds } from './rollout/builds.ts';
import type { LogSink } from './telemetry/logger.ts';
import type { Metrics } from './telemetry/metrics.ts';

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
  readonly shadowing: Shadowing;
  readonly builds: Builds;
  readonly canaries: CanaryPart;
  readonly drift: DriftSide;
  /** Adds those who hear of what happens. */
  join(...listeners: readonly Listener[]): void;
  /** Opens both listeners; resolves to their URLs. Rejects with the port's name when it is taken. */
  listen(): Promise<{ data: string; admin: string }>;
  /** Puts a config in force, whole. Calls in flight finish on the one they began with. */
  reload(resolved: ResolvedConfig): Promise<void>;
  /** Records a config that was refused; the one in force stays. */
  refuse(reasons: readonly string[]): void;
  /** Fails readiness, waits, finishes what is in flight within the limit, lets go of everything. */
  shutdown(): Promise<void>;
}

/** The composition root: what the gateway consists of, in the order of the request path. */
export async function createApp({ resolved, clock, random, log }: AppDeps): Promise<App> {
  const inForce: InForce = { resolved, written: resolved, refusal: undefined };
  const config = () => inForce.resolved;
  const { metrics, emit, join } = createObservers(log, resolved.config.log.sampleRate, random);
  const parts = await createParts({ clock, random, emit, logger: log.logger, config });
  const warn = (message: string) => log.logger.warn(message);
  const tell = (ok: boolean, detail: string) =>
    emit({ type: 'config-reloaded', ok, hash: inForce.resolved.hash, detail });
  const configs = createReloads(parts, inForce, tell);
  // First: monitors look for what was kept of each version, and episodes ask whether it still carries calls.
  if (hasNewVersions(parts)) await configs.again();
  const drift = await createDrift(parts, warn);
  const shadowing = createShadowing(parts);
  const together = createTogether(parts);
  const canaries = createCanaryPart(parts, shadowing, together.now, warn);
  const serve = createGateway(parts, canaries);
  const jobs = createJobs(parts, { serve, drawnJob: canaries.drawnJob }, warn);
  const batches = createBatches(parts, warn);
  const builds = createBuilds(parts, warn);
  const episodes = createEpisodes(parts, episodeSources(parts, canaries, drift, warn), together.now);
  const versions = createVersions(parts, canaries, { apply: configs.again, warn }, together.now);
  const registry = watchRegistry(parts, { versions, episodes }, warn);
  join(together.hear, shadowing.hear, canaries.hear, drift.hear, episodes.hear);
  const replica = createReplica(clock);
  const sides = { parts, jobs, batches, drift, shadowing, episodes, versions, canaries, replica };
  const planes = {
    ...sides,
    serve,
    endpointChanged: builds.told,
    metrics,
    logger: log.logger,
    version: gatewayVersion,
    refusal: () => inForce.refusal,
  };
  const data = dataPlane(planes);
  const admin = adminPlane(planes);
  publishGauges(metrics, { ...sides, version: gatewayVersion, log });
  tell(true, 'started');
  return {
    data,
    admin,
    parts,
    metrics,
    shadowing,
    builds,
    canaries,
    drift,
    join,
    listen: async () => {
      await within(clock, keysWaitMs, parts.backends.ready());
      return {
        data: await listenOn(data, resolved.config.listen.data, 'listen.data'),
        admin: await listenOn(admin, resolved.config.listen.admin, 'listen.admin'),
      };
    },
    reload: configs.reload,
    refuse: reasons => {
      inForce.refusal = { at: new Date(clock.wallMs()).toISOString(), reasons };
      tell(false, reasons.join('; '));
    },
    shutdown: () => shutdown({ ...sides, data, admin, builds, registry, log }),
  };
}
