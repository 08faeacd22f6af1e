import type { GatewayEvent, Listener } from '../core/events.ts';
import { didNoWork } from '../core/outcome.ts';
import type { Usage } from '../core/result.ts';
import type { Target } from '../core/target.ts';
import type { Metrics } from './metrics.ts';

/** The labels that name a target; all four come from the config. */
export function targetLabels(target: Target): { model: string; version: string; region: string; target: string } {
  return { model: target.model, version: target.version, region: target.region, target: target.name };
}

/** Turns events into counters and histograms. */
export function recordMetrics(metrics: Metrics): Listener {
  return event => {
    switch (event.type) {
      case 'attempt-finished':
        return recordAttempt(metrics, event);
      case 'request-finished':
        return recordRequest(metrics, event);
      case 'breaker-changed':
        return metrics.count('meridian_breaker_transitions_total', {
          ...targetLabels(event.target),
          from: event.from,
          to: event.to,
        });
      case 'target-ejected':
        return metrics.count('meridian_ejections_total', { ...targetLabels(event.target), reason: event.reason });
      case 'retry-refused':
        return metrics.count('meridian_retries_refused_total', { model: event.model, what: event.what });
      case 'stale-consulted':
        return metrics.count('meridian_stale_coverage_total', { model: event.model, covered: String(event.covered) });
      case 'version-called': {
        const { model, version, outcome } = event;
        return metrics.count('meridian_version_calls_total', { model, version, outcome });
      }
      case 'shadow-compared':
        return recordShadow(metrics, event);
      case 'shadow-dropped': {
        const { model, version, reason } = event;
        return metrics.count('meridian_shadow_dropped_total', { model, version, reason });
      }
      case 'build-changed':
        return metrics.count('meridian_builds_changed_total', targetLabels(event.target));
      case 'canary-changed': {
        const { model, from = 'none', to } = event;
        return metrics.count('meridian_canary_changes_total', { model, from, to });
      }
      case 'job-changed':
        return recordJob(metrics, event);
      case 'batch-changed': {
        const { model, from = 'none', to } = event;
        return metrics.count('meridian_batch_changes_total', { model, from, to });
      }
      case 'batch-charged': {
        const { model, region, costUsd } = event;
        return metrics.count('meridian_batch_cost_usd_total', { model, region }, costUsd);
      }
      case 'work-asked': {
        const { kind, what, status } = event;
        return metrics.count('meridian_work_requests_total', { kind, what, outcome: outcomeOf(status) });
      }
      case 'call-shed': {
        const { model, priority, why } = event;
        return metrics.count('meridian_calls_shed_total', { model, priority, why });
      }
      case 'limit-decided': {
        const { tenant, limit, result } = event;
        return metrics.count('meridian_limit_decisions_total', { tenant, limit, result });
      }
      case 'limit-decided-alone':
        return metrics.count('meridian_limit_decisions_alone_total', { tenant: event.tenant });
      case 'config-reloaded':
        return metrics.count('meridian_config_reloads_total', { result: event.ok ? 'ok' : 'refused' });
      case 'episode-changed': {
        const { model, from = 'none', to } = event;
        return metrics.count('meridian_episode_changes_total', { model, from, to });
      }
      case 'retrain-action': {
        const { model, action, result } = event;
        return metrics.count('meridian_retrain_actions_total', { model, action, result });
      }
      case 'alert-received':
        return metrics.count('meridian_alerts_received_total', { result: event.result });
      case 'region-changed':
      case 'redis-changed':
      case 'credentials-changed':
        return; // gauges, read at scrape time
    }
  };
}

function outcomeOf(status: number): string {
  if (status < 400) return 'ok';
  return status < 500 ? 'caller-fault' : 'failed';
}

/** Each change of state once; the time to the end is that of jobs that have one. */
function recordJob(
  metrics: Metrics,
  { model, from = 'none', to, ageMs }: Extract<GatewayEvent, { type: 'job-changed' }>,
) {
  metrics.count('meridian_job_changes_total', { model, from, to });
  if (to === 'completed' || to === 'failed') metrics.observe('meridian_job_duration_seconds', { model }, ageMs / 1000);
}

function recordShadow(
  metrics: Metrics,
  { model, version, agreement, differences }: Extract<GatewayEvent, { type: 'shadow-compared' }>,
): void {
  metrics.count('meridian_shadow_calls_total', { model, version, agreement });
  for (const difference of differences) metrics.observe('meridian_shadow_difference', { model, version }, difference);
}

function recordAttempt(metrics: Metrics, event: Extract<GatewayEvent, { type: 'attempt-finished' }>): void {
  const { target, result, reason } = event.attempt;
  const labels = targetLabels(target);
  metrics.count('meridian_attempts_total', { ...labels, outcome: result.outcome, reason });
  if (!didNoWork(result.outcome))
    metrics.observe('meridian_upstream_duration_seconds', labels, result.durationMs / 1000);
  if (result.usage) recordTokens(metrics, labels, result.usage);
  for (const [basis, usd] of [
    ['marginal', event.costUsd],
    ['amortised', event.amortisedUsd],
  ] as const) {
    if (!usd) continue;
    metrics.count('meridian_cost_usd_total', { ...labels, basis }, usd);
    const { model, version } = labels;
    if (reason === 'shadow') metrics.count('meridian_shadow_cost_usd_total', { model, version, basis }, usd);
  }
}

function recordTokens(metrics: Metrics, labels: ReturnType<typeof targetLabels>, usage: Usage): void {
  const kinds = {
    input: usage.inputTokens,
    output: usage.outputTokens,
    'cache-read': usage.cacheReadTokens,
    'cache-write': usage.cacheWriteTokens,
  };
  for (const [kind, tokens] of Object.entries(kinds))
    if (tokens > 0) metrics.count('meridian_tokens_total', { ...labels, kind }, tokens);
}

/** `answered_by` tells the two successes apart: any answer at all, and an answer by a model. */
function recordRequest(metrics: Metrics, event: Extract<GatewayEvent, { type: 'request-finished' }>): void {
  const model = event.model ?? 'unknown';
  metrics.count('meridian_requests_total', {
    model,
    protocol: event.protocol,
    outcome: requestOutcome(event),
    answered_by: answeredBy(event),
  });
  metrics.observe('meridian_request_duration_seconds', { model }, event.durationMs / 1000);
  const overheadMs = Math.max(0, event.durationMs - event.receivingMs - event.upstreamMs);
  metrics.observe('meridian_overhead_seconds', { model }, overheadMs / 1000);
  if (event.clientAttempt > 1) metrics.count('meridian_client_retries_total', { model });
  if (event.served === undefined) return;
  metrics.count('meridian_cache_requests_total', { model, result: event.served.cache });
  if (event.served.fallback !== 'none')
    metrics.count('meridian_fallbacks_total', { model, kind: event.served.fallback });
}

/** A stream may go wrong after its status was sent, so the error outranks it. */
function requestOutcome({ status, error }: Extract<GatewayEvent, { type: 'request-finished' }>): string {
  if (error === 'client-closed') return 'cancelled';
  if (error === 'stream-broken') return 'failed';
  if (status < 400) return 'ok';
  return status < 500 ? 'caller-fault' : 'failed';
}

function answeredBy(event: Extract<GatewayEvent, { type: 'request-finished' }>): string {
  if (event.served === undefined) return event.error === undefined ? 'job' : 'error';
  if (event.served.fallback === 'none')
    return event.served.cache === 'hit' || event.served.cache === 'stale' ? 'cache' : 'model';
  return event.served.fallback === 'model' ? 'fallback-model' : event.served.fallback;
}
