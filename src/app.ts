import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { type Backends, createBackends } from './backends/registry.ts';
import { adminPorts, type Refusal } from './compose/admin.ts';
import { backgroundWork } from './compose/background.ts';
import { watchEventLoop } from './compose/event-loop.ts';
import { createGateway, createProber, type Parts } from './compose/gateway.ts';
import { publishGauges } from './compose/gauges.ts';
import { listenOn, newServer, within } from './compose/listen.ts';
import { openStores } from './compose/stores.ts';
import type { ResolvedConfig } from './config/resolve.ts';
import { type Clock, sleep } from './core/clock.ts';
import { type Emit, eventBus, type GatewayEvent } from './core/events.ts';
import type { Random } from './core/random.ts';
import { cacheKeys } from './fallback/cache-key.ts';
import { coalescer } from './fallback/coalescing.ts';
import { responseCache } from './fallback/response-cache.ts';
import { createHealth } from './health/availability.ts';
import { createRetryBudget } from './inference/retry-budget.ts';
import type { Exit } from './inference/try-targets.ts';
import { adminRoutes } from './routes/admin/admin.ts';
import { healthRoutes } from './routes/health.ts';
import type { InvokePorts } from './routes/invoke.ts';
import { sagemakerRoutes } from './routes/sagemaker.ts';
import { badRequests, unknownRoutes } from './routes/unknown.ts';
import { v1Routes } from './routes/v1.ts';
import { createRouting, type Routing } from './routing/routing.ts';
import { createAdmission } from './security/admission.ts';
import { createAuthenticate } from './security/callers.ts';
import { type LogSink, logEvents } from './telemetry/logger.ts';
import { createMetrics, type Metrics } from './telemetry/metrics.ts';
import { recordMetrics } from './telemetry/record.ts';

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

/** The composition root: every part is made here and handed what it needs. */
export async function createApp(deps: AppDeps): Promise<App> {
  const { clock, random, log } = deps;
  let resolved = deps.resolved;
  let newest = resolved;
  let refusal: Refusal | undefined;
  const config = () => resolved;

  // Observers, in this order.
  const metrics = createMetrics();
  const listeners = [recordMetrics(metrics), logEvents(log.logger, resolved.config.log.sampleRate, random)] as const;
  const emit: Emit = eventBus(listeners, error => {
    metrics.count('meridian_listener_errors_total', {});
    log.logger.error({ err: error }, 'an event listener threw');
  });

  // Parts of the path, each given only what it needs.
  const stores = await openStores(resolved.config, { clock, random, emit, warn: message => log.logger.warn(message) });
  const replicas = () => stores.replicas(config().config.replicas);
  const admission = createAdmission(resolved.config.limits.maxBufferedBytes);
  const backends: Backends = createBackends({
    clock,
    random,
    emit,
    connections: resolved.config.connections,
    regions: resolved.regions,
    identities: resolved.identities,
  });
  const health = createHealth({
    targets: resolved.targets,
    options: resolved.config.health,
    clock,
    random,
    emit,
    state: stores.state,
    replicas,
    probe: createProber({
      config,
      backends,
      memory: admission,
      clock,
      finished: (made, request) => {
        const { marginalUsd: costUsd, amortisedUsd } = routing.ledger.charge(made, request);
        emit({ type: 'attempt-finished', attempt: made, request, costUsd, amortisedUsd });
      },
    }),
  });
  const routing: Routing = createRouting({
    clock,
    random,
    states: health,
    model: name => config().models.get(name),
    replicas,
  });
  const { ratio, perSecond } = resolved.config.retryBudget;
  const budget = createRetryBudget({ ratio, perSecond: () => perSecond / replicas() }, clock);
  const keys = cacheKeys(resolved.config.cacheStore.keySecret);
  const cache = responseCache({
    options: resolved.config.cacheStore,
    keys,
    clock,
    random,
    state: stores.state,
    ...(stores.shared && { shared: stores.shared }),
  });
  const work = backgroundWork(error => log.logger.error({ err: error }, 'background work failed'));
  const parts: Parts = {
    routing,
    router: routing.router,
    clock,
    random,
    emit,
    backends,
    health,
    budget,
    cache,
    keys,
    flights: coalescer<Exit>(clock),
    admission,
    config,
    background: work.start,
  };
  const serve = createGateway(parts);

  // The listeners.
  const onFault = (error: unknown, requestId: string) =>
    log.logger.error({ err: error, requestId }, 'the gateway failed on a request');
  let authenticate = createAuthenticate(resolved.config.auth);
  let draining = false;
  const inFlight = { requests: 0 };
  const invoke: InvokePorts = {
    clock,
    emit,
    admission,
    authenticate: credentials => authenticate(credentials),
    model: name => resolved.names.get(name),
    serve,
    onFault,
    inFlight,
    stalledReaderMs: () => config().config.limits.bodyTimeoutMs,
    get draining() {
      return draining;
    },
  };
  const eventLoop = watchEventLoop(clock);
  const readiness = {
    notReady: () => (draining ? 'draining' : eventLoop.stuck() ? 'the event loop is stuck' : undefined),
  };
  const data = newServer(resolved.config.limits.bodyTimeoutMs);
  data.addHttpMethod('POST', { hasBody: false, overrideExisting: true }); // routes read the bytes themselves
  sagemakerRoutes(data, invoke);
  v1Routes(data, invoke);
  healthRoutes(data, readiness);
  unknownRoutes(data);
  badRequests(data, onFault);
  const admin = newServer(resolved.config.limits.bodyTimeoutMs);
  adminRoutes(
    admin,
    adminPorts({ parts, explain: routing.explain, metrics, logger: log.logger, refusal: () => refusal }),
    onFault,
  );
  healthRoutes(admin, readiness);
  unknownRoutes(admin);
  publishGauges(metrics, {
    parts,
    cache,
    admission,
    stores,
    inFlight,
    version,
    log,
    replicas,
    ready: () => readiness.notReady() === undefined,
  });

  const reloaded = (ok: boolean, detail: string): GatewayEvent => ({
    type: 'config-reloaded',
    ok,
    hash: resolved.hash,
    detail,
  });
  emit(reloaded(true, 'started'));
  return {
    data,
    admin,
    parts,
    metrics,
    listen: async () => {
      await within(clock, keysWaitMs, backends.ready());
      return {
        data: await listenOn(data, resolved.config.listen.data, 'listen.data'),
        admin: await listenOn(admin, resolved.config.listen.admin, 'listen.admin'),
      };
    },
    reload: async next => {
      newest = next;
      await within(clock, keysWaitMs, backends.prepare(next));
      if (newest !== next) return; // another one came meanwhile
      const before = resolved;
      const gone = new Set(resolved.targets.map(target => target.id)).difference(
        new Set(next.targets.map(target => target.id)),
      );
      resolved = next;
      refusal = undefined;
      authenticate = createAuthenticate(next.config.auth);
      backends.use(next);
      health.update(next.targets, next.config.health);
      routing.retain(next.targets);
      backends.retire(gone);
      for (const { model, version } of withdrawnVersions(before, next)) work.start(() => cache.purge(model, version));
      emit(reloaded(true, 'reloaded'));
    },
    refuse: reasons => {
      refusal = { at: new Date(clock.wallMs()).toISOString(), reasons };
      emit(reloaded(false, reasons.join('; ')));
    },
    shutdown: async () => {
      draining = true;
      const { drainMs, shutdownMs } = resolved.config.limits;
      if (data.server.listening) await sleep(clock, drainMs);
      await within(clock, shutdownMs, data.close());
      await within(clock, shutdownMs, work.settled());
      health.stop();
      eventLoop.stop();
      cache.close();
      await within(clock, shutdownMs, admin.close());
      await backends.stop();
      await stores.close();
      log.flush();
    },
  };
}

/** Versions that a reload takes out of traffic or points elsewhere: their cached answers must not outlive them. */
function withdrawnVersions(before: ResolvedConfig, after: ResolvedConfig): { model: string; version: string }[] {
  return [...before.models.values()].flatMap(model =>
    model.versions.flatMap(version => {
      const next = after.models.get(model.name)?.versions.find(candidate => candidate.name === version.name);
      const same = new Set(next?.targets.map(target => target.id));
      const withdrawn = next === undefined || (next.weight === 0 && version.weight > 0);
      const moved = !version.targets.some(target => same.has(target.id));
      return withdrawn || moved ? [{ model: model.name, version: version.name }] : [];
    }),
  );
}
