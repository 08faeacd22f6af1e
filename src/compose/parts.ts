import { type Backends, createBackends } from '../backends/registry.ts';
import type { ResolvedConfig } from '../config/resolve.ts';
import type { Clock } from '../core/clock.ts';
import type { Emit } from '../core/events.ts';
import type { Random } from '../core/random.ts';
import type { Target } from '../core/target.ts';
import { type CacheKeys, cacheKeys } from '../fallback/cache-key.ts';
import { type Coalescer, coalescer } from '../fallback/coalescing.ts';
import { type ResponseCacheStore, responseCache } from '../fallback/response-cache.ts';
import { createHealth } from '../health/availability.ts';
import type { HealthControl } from '../health/health-control.ts';
import { createRetryBudget, type RetryBudget } from '../inference/retry-budget.ts';
import type { Exit } from '../inference/try-targets.ts';
import type { Router } from '../routing/router.ts';
import { createRouting, type Routing } from '../routing/routing.ts';
import { type Admission, createAdmission } from '../security/admission.ts';
import type { Logger } from '../telemetry/logger.ts';
import { type BackgroundWork, backgroundWork } from './background.ts';
import { type Callers, createCallers } from './callers.ts';
import { createProber } from './prober.ts';
import { openStores, type Stores } from './stores.ts';

/** The parts of the request path; they outlive reloads. */
export interface Parts {
  readonly clock: Clock;
  readonly random: Random;
  readonly emit: Emit;
  readonly stores: Stores;
  readonly callers: Callers;
  readonly backends: Backends;
  readonly health: HealthControl;
  readonly router: Router;
  readonly routing: Routing;
  readonly budget: RetryBudget;
  readonly cache: ResponseCacheStore;
  readonly keys: CacheKeys;
  readonly flights: Coalescer<Exit>;
  readonly admission: Admission;
  readonly work: BackgroundWork;
  /** The config in force. */
  config(): ResolvedConfig;
  /** Replicas that share the fleet's limits. */
  replicas(): number;
}

/** What the parts are made of. */
export interface PartsDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly emit: Emit;
  readonly logger: Logger;
  /** The config in force, read each time. */
  config(): ResolvedConfig;
}

/** Makes every part of the path, each given only what it needs. Rejects when `stateDir` cannot be used. */
export async function createParts(deps: PartsDeps): Promise<Parts> {
  const { clock, random, emit, logger, config } = deps;
  const { config: options, targets, regions, identities } = config();
  const stores = await openStores(options, { clock, random, emit, warn: message => logger.warn(message) });
  const replicas = () => stores.replicas(config().config.replicas);
  const admission = createAdmission(options.limits.maxBufferedBytes);
  const backends = createBackends({ clock, random, emit, connections: options.connections, regions, identities });
  const charge: Routing['ledger']['charge'] = (attempt, request) => routing.ledger.charge(attempt, request);
  const setupMs = (target: Target) => {
    const { warmth, setupMs: ifCold } = routing.router.estimate(target);
    return warmth < 1 ? ifCold : 0;
  };
  const probe = createProber({ config, backends, memory: admission, clock, emit, charge, setupMs });
  const { state, shared } = stores;
  const health = createHealth({ targets, options: options.health, clock, random, emit, state, replicas, probe });
  const routing: Routing = createRouting({
    clock,
    random,
    states: health,
    model: name => config().models.get(name),
    replicas,
  });
  const work = backgroundWork(error => logger.error({ err: error }, 'background work failed'));
  const { ratio, perSecond } = options.retryBudget;
  const keys = cacheKeys(options.cacheStore.keySecret);
  return {
    clock,
    random,
    emit,
    stores,
    callers: createCallers({ state, clock, emit, config, replicas, counters: stores.counters, background: work.start }),
    backends,
    health,
    router: routing.router,
    routing,
    keys,
    admission,
    config,
    replicas,
    budget: createRetryBudget({ ratio, perSecond: () => perSecond / replicas() }, clock),
    cache: responseCache({ options: options.cacheStore, keys, clock, random, state, ...(shared && { shared }) }),
    flights: coalescer(clock),
    work,
  };
}

/** Points the parts at a new config: what is known of targets that stay, stays. */
export function useConfig(parts: Parts, before: ResolvedConfig, next: ResolvedConfig): void {
  const gone = new Set(before.targets.map(target => target.id)).difference(new Set(next.targets.map(({ id }) => id)));
  parts.callers.use(next);
  parts.backends.use(next);
  parts.health.update(next.targets, next.config.health);
  parts.routing.retain(next.targets);
  parts.backends.retire(gone);
  for (const { model, version } of withdrawnVersions(before, next))
    parts.work.start(() => parts.cache.purge(model, version));
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
