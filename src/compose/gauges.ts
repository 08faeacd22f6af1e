import type { Batches } from '../jobs/batches/batches.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Episodes } from '../retrain/episodes.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { targetLabels } from '../telemetry/record.ts';
import type { CanaryPart } from './canary.ts';
import { publishCanaryGauges } from './canary-gauges.ts';
import type { DriftSide } from './drift.ts';
import { publishDrift } from './drift-gauges.ts';
import type { Parts } from './parts.ts';
import type { Replica } from './replica.ts';
import type { Shadowing } from './shadow.ts';

/** Where gauges are read. */
export interface GaugeSources {
  readonly parts: Parts;
  readonly jobs: Jobs;
  readonly batches: Batches;
  readonly shadowing: Shadowing;
  readonly episodes: Episodes;
  readonly drift: DriftSide;
  readonly canaries: CanaryPart;
  readonly replica: Replica;
  readonly version: string;
  readonly log: { readonly dropped: number };
}

const breakerLevel = { closed: 0, 'half-open': 1, open: 2 } as const;
const regionLevel = { serving: 0, evacuated: 1, drained: 2 } as const;

/** Sets every gauge from the parts' own state when Prometheus asks. */
export function publishGauges(metrics: Metrics, sources: GaugeSources): void {
  const { parts, drift, canaries, replica, version, log } = sources;
  publishCanaryGauges(metrics, parts, canaries);
  metrics.onScrape(() => {
    publishTargets(metrics, parts);
    publishModels(metrics, parts);
    publishWork(metrics, sources);
    publishMemory(metrics, parts);
    publishDrift(metrics, drift, canaries.carries);
    metrics.gauge('meridian_requests_in_flight', {}, replica.inFlight.requests);
    metrics.countTo('meridian_log_lines_dropped_total', {}, log.dropped);
    metrics.gauge('meridian_ready', {}, Number(replica.notReady() === undefined));
    metrics.gauge('meridian_config_info', { hash: parts.config().hash }, 1);
    metrics.gauge('meridian_build_info', { version, node: process.version }, 1);
  });
}

function publishTargets(metrics: Metrics, { health, router, backends, config }: Parts): void {
  for (const { target, health: own } of health.describeAll()) {
    const labels = targetLabels(target);
    metrics.gauge('meridian_in_flight', labels, own.inFlight);
    metrics.gauge('meridian_breaker_state', labels, breakerLevel[own.breaker]);
    metrics.gauge('meridian_target_share', labels, own.share);
    metrics.gauge('meridian_target_state', labels, targetLevel(own));
    metrics.gauge('meridian_target_latency_seconds', labels, router.estimate(target).latencyMs / 1000);
  }
  for (const [region, state] of health.regions())
    metrics.gauge('meridian_region_state', { region }, regionLevel[state]);
  for (const identity of config().identities.keys())
    metrics.gauge('meridian_credentials_ok', { identity }, Number(backends.hasCredentials(identity)));
}

function publishModels(metrics: Metrics, { config, callers }: Parts): void {
  for (const { name: model, owner = '', policy, slo } of config().models.values()) {
    metrics.gauge('meridian_model_info', { model, owner, policy }, 1);
    metrics.gauge('meridian_slo_latency_seconds', { model }, slo.latencyMs / 1000);
    metrics.gauge('meridian_slo_availability', { model }, slo.availability);
  }
  for (const tenant of callers.spending.tenants())
    metrics.gauge('meridian_tenant_spent_usd', { tenant }, callers.spending.spentUsd(tenant));
}

function publishWork(metrics: Metrics, { jobs, batches, episodes, shadowing }: GaugeSources): void {
  const counted = [
    ['meridian_jobs', jobs],
    ['meridian_batches', batches],
    ['meridian_episodes', episodes],
  ] as const;
  for (const [gauge, work] of counted) {
    for (const [key, count] of work.counts()) {
      const [model = '', state = ''] = key.split(' ');
      metrics.gauge(gauge, { model, state }, count);
    }
  }
  for (const [model, left] of episodes.budgets()) metrics.gauge('meridian_retrainings_left', { model }, left);
  for (const { model, version, waiting, psi } of shadowing.view()) {
    metrics.gauge('meridian_shadow_waiting', { model, version }, waiting);
    if (psi !== undefined) metrics.gauge('meridian_shadow_psi', { model, version }, psi);
  }
}

function publishMemory(metrics: Metrics, { cache, admission, budget, stores, replicas }: Parts): void {
  const { bytes, entries, lateReads, writesWaiting, writesDropped } = cache.stats();
  metrics.gauge('meridian_cache_bytes', {}, bytes);
  metrics.gauge('meridian_cache_entries', {}, entries);
  metrics.countTo('meridian_cache_late_reads_total', {}, lateReads);
  metrics.gauge('meridian_cache_writes_waiting', {}, writesWaiting);
  metrics.countTo('meridian_cache_writes_dropped_total', {}, writesDropped);
  metrics.gauge('meridian_buffered_bytes', {}, admission.heldBytes);
  metrics.gauge('meridian_retry_budget_ratio', {}, budget.remaining());
  metrics.gauge('meridian_redis_up', {}, Number(stores.redisUp() ?? false));
  metrics.gauge('meridian_redis_unanswered', {}, stores.redisUnanswered());
  metrics.gauge('meridian_replicas', {}, replicas());
}

function targetLevel(health: { availability: { usable: boolean }; share: number; breaker: string }): number {
  if (!health.availability.usable) return 2;
  return health.share < 1 || health.breaker !== 'closed' ? 1 : 0;
}
