/** Seconds. Fine where gateways live (1 ms to 100 ms), coarse up to SageMaker's 60 s limit. */
export const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** Seconds of the gateway's own time: from 50 µs. */
const overheadBuckets = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5];

const targetLabels = ['model', 'version', 'region', 'target'] as const;

/** One metric as it is declared. */
export interface MetricSpec {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  readonly buckets?: readonly number[];
}

/**
 * Every metric of the gateway: name, meaning, labels, buckets. Label values come from the config or from closed lists
 * only, never from what a caller sent; a request for a model that does not exist is counted under `unknown`.
 */
export const metricTable = {
  meridian_requests_total: {
    type: 'counter',
    help: 'Requests finished, by outcome and by what answered.',
    labels: ['model', 'protocol', 'outcome', 'answered_by'],
  },
  meridian_attempts_total: {
    type: 'counter',
    help: 'Calls to targets, by outcome and reason.',
    labels: [...targetLabels, 'outcome', 'reason'],
  },
  meridian_version_calls_total: {
    type: 'counter',
    help: 'Calls that went to targets (shared ones once, refreshes too) by the version first chosen; moved: another one answered.',
    labels: ['model', 'version', 'outcome'],
  },
  meridian_request_duration_seconds: {
    type: 'histogram',
    help: 'From arrival of the request to the whole answer handed to the socket.',
    labels: ['model'],
    buckets: secondsBuckets,
  },
  meridian_upstream_duration_seconds: {
    type: 'histogram',
    help: 'Duration of one call to a target.',
    labels: [...targetLabels],
    buckets: secondsBuckets,
  },
  meridian_overhead_seconds: {
    type: 'histogram',
    help: 'Request duration minus time spent waiting for the caller’s bytes and on upstreams.',
    labels: ['model'],
    buckets: overheadBuckets,
  },
  meridian_in_flight: { type: 'gauge', help: 'Calls to a target under way.', labels: [...targetLabels] },
  meridian_requests_in_flight: { type: 'gauge', help: 'Requests being served.', labels: [] },
  meridian_buffered_bytes: { type: 'gauge', help: 'Bytes of requests and answers held.', labels: [] },
  meridian_target_state: {
    type: 'gauge',
    help: '0 usable, 1 partly (slow start, throttled, half-open), 2 not usable.',
    labels: [...targetLabels],
  },
  meridian_target_share: {
    type: 'gauge',
    help: 'Share of ordinary traffic a target may get, 0 to 1.',
    labels: [...targetLabels],
  },
  meridian_target_latency_seconds: {
    type: 'gauge',
    help: 'Peak EWMA of upstream time that routing believes, with the charge for recent failures.',
    labels: [...targetLabels],
  },
  meridian_breaker_state: { type: 'gauge', help: '0 closed, 1 half-open, 2 open.', labels: [...targetLabels] },
  meridian_breaker_transitions_total: {
    type: 'counter',
    help: 'Breaker transitions.',
    labels: [...targetLabels, 'from', 'to'],
  },
  meridian_ejections_total: {
    type: 'counter',
    help: 'Ejections of a target, by reason.',
    labels: [...targetLabels, 'reason'],
  },
  meridian_region_state: { type: 'gauge', help: '0 serving, 1 evacuated, 2 drained.', labels: ['region'] },
  meridian_retry_budget_ratio: { type: 'gauge', help: 'Retry tokens left as a share of the bucket.', labels: [] },
  meridian_retries_refused_total: {
    type: 'counter',
    help: 'Retries and hedges the budget refused.',
    labels: ['model', 'what'],
  },
  meridian_client_retries_total: { type: 'counter', help: "Requests that were an SDK's own retry.", labels: ['model'] },
  meridian_cache_requests_total: {
    type: 'counter',
    help: 'Requests by what the cache did.',
    labels: ['model', 'result'],
  },
  meridian_cache_bytes: { type: 'gauge', help: 'Bytes in the in-process cache.', labels: [] },
  meridian_cache_entries: { type: 'gauge', help: 'Answers in the in-process cache.', labels: [] },
  meridian_cache_late_reads_total: {
    type: 'counter',
    help: 'Reads that Redis did not answer within the budget.',
    labels: [],
  },
  meridian_cache_writes_waiting: { type: 'gauge', help: 'Answers waiting to be written to Redis.', labels: [] },
  meridian_cache_writes_dropped_total: {
    type: 'counter',
    help: 'Answers that were not written to Redis, because too many waited.',
    labels: [],
  },
  meridian_stale_coverage_total: {
    type: 'counter',
    help: 'Failed calls of models with a stale fallback, by whether a stale answer was there.',
    labels: ['model', 'covered'],
  },
  meridian_fallbacks_total: { type: 'counter', help: 'Substituted answers, by kind.', labels: ['model', 'kind'] },
  meridian_cost_usd_total: {
    type: 'counter',
    help: 'Dollars of finished calls. marginal: what the call added; amortised: with its share of always-on capacity.',
    labels: [...targetLabels, 'basis'],
  },
  meridian_tokens_total: {
    type: 'counter',
    help: 'Tokens of finished calls, as the answers count them. kind: input, output, cache-read, cache-write.',
    labels: [...targetLabels, 'kind'],
  },
  meridian_jobs: { type: 'gauge', help: 'Jobs kept, by state.', labels: ['model', 'state'] },
  meridian_job_changes_total: {
    type: 'counter',
    help: 'Changes of jobs from state to state; from running to queued: submitted again elsewhere.',
    labels: ['model', 'from', 'to'],
  },
  meridian_job_duration_seconds: {
    type: 'histogram',
    help: 'From the acceptance of a job to its result or failure.',
    labels: ['model'],
    buckets: [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 10_800],
  },
  meridian_batches: { type: 'gauge', help: 'Batches kept, by state.', labels: ['model', 'state'] },
  meridian_batch_changes_total: {
    type: 'counter',
    help: 'Changes of batches from state to state; from running to queued: tried again elsewhere.',
    labels: ['model', 'from', 'to'],
  },
  meridian_batch_cost_usd_total: {
    type: 'counter',
    help: 'Instances × time of batches whose price is known, told when the instances are let go of.',
    labels: ['model', 'region'],
  },
  meridian_work_requests_total: {
    type: 'counter',
    help: 'Calls about jobs and batches that were handed in before.',
    labels: ['kind', 'what', 'outcome'],
  },
  meridian_calls_shed_total: {
    type: 'counter',
    help: 'Calls refused, or left without a retry, because more important ones needed what was left.',
    labels: ['model', 'priority', 'why'],
  },
  meridian_limit_decisions_total: {
    type: 'counter',
    help: 'Decisions of a tenant’s limits; observed: would have been refused, were the limit enforced.',
    labels: ['tenant', 'limit', 'result'],
  },
  meridian_limit_decisions_alone_total: {
    type: 'counter',
    help: 'Rates decided by this replica’s share alone, because Redis did not answer in time.',
    labels: ['tenant'],
  },
  meridian_tenant_spent_usd: {
    type: 'gauge',
    help: 'Dollars a tenant with a budget has spent today (UTC), by all replicas as far as this one knows.',
    labels: ['tenant'],
  },
  meridian_redis_up: {
    type: 'gauge',
    help: '1 when Redis answers, 0 when it does not or is not configured.',
    labels: [],
  },
  meridian_redis_unanswered: {
    type: 'gauge',
    help: 'Commands that Redis has not answered, those given up on included.',
    labels: [],
  },
  meridian_replicas: { type: 'gauge', help: "Replicas that share the fleet's limits, this one included.", labels: [] },
  meridian_model_info: {
    type: 'gauge',
    help: 'Always 1; owner and routing policy of a model.',
    labels: ['model', 'owner', 'policy'],
  },
  meridian_slo_latency_seconds: {
    type: 'gauge',
    help: 'Latency objective of a model: p95 of upstream time.',
    labels: ['model'],
  },
  meridian_slo_availability: {
    type: 'gauge',
    help: 'Availability objective of a model: share of requests answered by a model.',
    labels: ['model'],
  },
  meridian_log_lines_dropped_total: {
    type: 'counter',
    help: 'Log lines lost, because the file or pipe did not take them.',
    labels: [],
  },
  meridian_config_info: { type: 'gauge', help: 'Always 1; the hash of the config in force.', labels: ['hash'] },
  meridian_config_reloads_total: { type: 'counter', help: 'Reloads, by result.', labels: ['result'] },
  meridian_credentials_ok: { type: 'gauge', help: '1 while an identity has usable credentials.', labels: ['identity'] },
  meridian_listener_errors_total: { type: 'counter', help: 'Events whose observer threw.', labels: [] },
  meridian_ready: { type: 'gauge', help: '1 when the replica takes traffic.', labels: [] },
  meridian_build_info: {
    type: 'gauge',
    help: 'Always 1; version of the gateway and of Node.',
    labels: ['version', 'node'],
  },
} as const satisfies Record<string, MetricSpec>;
