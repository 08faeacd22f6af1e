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
  const { parts, jobs, batches, drift, episodes, shadowing, canaries, replica, version, log } = sources;
  const { cache, admission, stores } = parts;
  publishCanaryGauges(metrics, parts, canaries);
  metrics.onScrape(() => {
    for (const { target, health } of parts.health.describeAll()) {
      const labels = targetLabels(target);
      metrics.gauge('meridian_in_flight', labels, health.inFlight);
      metrics.gauge('meridian_breaker_state', labels, breakerLevel[health.breaker]);
      metrics.gauge('meridian_target_share', labels, health.share);
      metrics.gauge('meridian_target_state', labels, targetLevel(health));
      metrics.gauge('meridian_target_latency_seconds', labels, parts.router.estimate(target).latencyMs / 1000);
    }
    for (const [region, state] of parts.health.regions())
      metrics.gauge('meridian_region_state', { region }, regionLevel[state]);
    for (const identity of parts.config().identities.keys()) {
      metrics.gauge('meridian_credentials_ok', { identity }, Number(parts.backends.hasCredentials(identity)));
    }
    for (const { name: model, owner = '', policy, slo } of parts.config().models.values()) {
      metrics.gauge('meridian_model_info', { model, owner, policy }, 1);
      metrics.gauge('meridian_slo_latency_seconds', { model }, slo.latencyMs / 1000);
      metrics.gauge('meridian_slo_availability', { model }, slo.availability);
    }
    for (const [key, count] of jobs.counts()) {
      const [model = '', state = ''] = key.split(' ');
      metrics.gauge('meridian_jobs', { model, state }, count);
    }
    for (const [key, count] of batches.counts()) {
      const [model = '', state = ''] = key.split(' ');
      metrics.gauge('meridian_batches', { model, state }, count);
    }
    for (const { model, version: shadow, waiting, psi } of shadowing.view()) {
      metrics.gauge('meridian_shadow_waiting', { model, version: shadow }, waiting);
      if (psi !== undefined) metrics.gauge('meridian_shadow_psi', { model, version: shadow }, psi);
    }
    for (const [key, count] of episodes.counts()) {
      const [model = '', state = ''] = key.split(' ');
      metrics.gauge('meridian_episodes', { model, state }, count);
    }
    for (const [model, left] of episodes.budgets()) metrics.gauge('meridian_retrainings_left', { model }, left);
    const { bytes, entries, lateReads, writesWaiting, writesDropped } = cache.stats();
    metrics.gauge('meridian_cache_bytes', {}, bytes);
    metrics.gauge('meridian_cache_entries', {}, entries);
    metrics.countTo('meridian_cache_late_reads_total', {}, lateReads);
    metrics.gauge('meridian_cache_writes_waiting', {}, writesWaiting);
    metrics.countTo('meridian_cache_writes_dropped_total', {}, writesDropped);
    metrics.gauge('meridian_buffered_bytes', {}, admission.heldBytes);
    metrics.gauge('meridian_requests_in_flight', {}, replica.inFlight.requests);
    metrics.gauge('meridian_retry_budget_ratio', {}, parts.budget.remaining());
    for (const tenant of parts.callers.spending.tenants())
      metrics.gauge('meridian_tenant_spent_usd', { tenant }, parts.callers.spending.spentUsd(tenant));
    metrics.gauge('meridian_redis_up', {}, Number(stores.redisUp() ?? false));
    metrics.gauge('meridian_redis_unanswered', {}, stores.redisUnanswered());
    metrics.gauge('meridian_replicas', {}, parts.replicas());
    metrics.countTo('meridian_log_lines_dropped_total', {}, log.dropped);
    publishDrift(metrics, drift, canaries.carries);
    metrics.gauge('meridian_ready', {}, Number(replica.notReady() === undefined));
    metrics.gauge('meridian_config_info', { hash: parts.config().hash }, 1);
    metrics.gauge('meridian_build_info', { version, node: process.version }, 1);
  });
}

function targetLevel(health: { availability: { usable: boolean }; share: number; breaker: string }): number {
  if (!health.availability.usable) return 2;
  return health.share < 1 || health.breaker !== 'closed' ? 1 : 0;
}
