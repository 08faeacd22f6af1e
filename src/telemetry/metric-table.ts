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
  meridian_drift_score: {
    type: 'gauge',
    help: 'How far the last window of a kind is from the baseline, by every statistic that applies.',
    labels: ['model', 'version', 'scope', 'monitor', 'feature', 'statistic', 'window'],
  },
  meridian_drift_level: {
    type: 'gauge',
    help: '2 drifted (mark, significance and sample), 1 between the marks, 0 clear, -1 too few records to say.',
    labels: ['model', 'version', 'scope', 'monitor', 'feature', 'window'],
  },
  meridian_drift_window_records: {
    type: 'gauge',
    help: 'Records (of the performance monitor: ground truths) in the last window, of all replicas.',
    labels: ['model', 'version', 'scope', 'monitor', 'window'],
  },
  meridian_drift_window_disturbed: {
    type: 'gauge',
    help: '1 when a region was evacuated during the last window, or a residency class had no target: its mix of calls is not the usual.',
    labels: ['model', 'version', 'scope', 'window'],
  },
  meridian_drift_baseline_loaded: {
    type: 'gauge',
    help: '1 when a monitored version has a baseline, 0 when it has none to be compared with.',
    labels: ['model', 'version'],
  },
  meridian_data_quality_violations_total: {
    type: 'counter',
    help: 'Windows in which a constraint of the baseline was broken, by check of Model Monitor.',
    labels: ['model', 'version', 'scope', 'check'],
  },
  meridian_monitored_calls_total: {
    type: 'counter',
    help: 'Calls of monitored models: read, sampled-out, dropped (too many waited), unreadable (tells nothing).',
    labels: ['model', 'version', 'result'],
  },
  meridian_performance: {
    type: 'gauge',
    help: 'Of predictions against ground truth in the last window: accuracy, auc, f1, mae, rmse.',
    labels: ['model', 'version', 'scope', 'metric', 'window'],
  },
  meridian_error_shifts_total: {
    type: 'counter',
    help: 'Rises of a version’s error found by the online detector (Page and Hinkley) as ground truth came in.',
    labels: ['model', 'version'],
  },
  meridian_feedback_total: {
    type: 'counter',
    help: 'Ground truths by result: joined, duplicate, conflict, unknown, expired, not-yours, invalid.',
    labels: ['result'],
  },
  meridian_captured_calls_total: {
    type: 'counter',
    help: 'Calls of captured models: written, failed, sampled-out, dropped, too-large, no-destination, unredactable.',
    labels: ['model', 'result'],
  },
  meridian_shadow_calls_total: {
    type: 'counter',
    help: 'Mirrored calls that were made, by how far the answer agrees with the primary’s.',
    labels: ['model', 'version', 'agreement'],
  },
  meridian_shadow_dropped_total: {
    type: 'counter',
    help: 'Calls chosen for mirroring that were dropped, by reason.',
    labels: ['model', 'version', 'reason'],
  },
  meridian_shadow_difference: {
    type: 'histogram',
    help: 'Absolute difference between a number of a mirrored answer and the primary’s.',
    labels: ['model', 'version'],
    buckets: [0, 0.000001, 0.00001, 0.0001, 0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 10, 100, 1000],
  },
  meridian_shadow_psi: {
    type: 'gauge',
    help: 'Population stability index of a shadow’s predictions against the primary’s, since mirroring began.',
    labels: ['model', 'version'],
  },
  meridian_shadow_waiting: { type: 'gauge', help: 'Copies waiting to be sent.', labels: ['model', 'version'] },
  meridian_shadow_cost_usd_total: {
    type: 'counter',
    help: 'Dollars of mirrored calls; they are in meridian_cost_usd_total too.',
    labels: ['model', 'version', 'basis'],
  },
  meridian_builds_changed_total: {
    type: 'counter',
    help: 'New builds found behind an unchanged endpoint name.',
    labels: [...targetLabels],
  },
  meridian_canary_state: {
    type: 'gauge',
    help: 'Always 1; where a model’s canary stands, the last one included.',
    labels: ['model', 'version', 'state'],
  },
  meridian_canary_state_age_seconds: {
    type: 'gauge',
    help: 'For how long a canary has been in its state; only of one that is not over.',
    labels: ['model', 'version', 'state'],
  },
  meridian_canary_step_age_seconds: {
    type: 'gauge',
    help: 'For how long a canary has been at its step, time frozen or stopped aside.',
    labels: ['model', 'version'],
  },
  meridian_canary_share: {
    type: 'gauge',
    help: 'Share of the calls that can reach a canary it is to get, 0 to 1.',
    labels: ['model', 'version'],
  },
  meridian_canary_observations: {
    type: 'gauge',
    help: 'Calls of all replicas that a running canary’s verdict compares; outcome: ok, error, caller-fault.',
    labels: ['model', 'version', 'side', 'outcome'],
  },
  meridian_canary_guard_statistic: {
    type: 'gauge',
    help: 'What a guard of a running canary has measured; it condemns at its threshold.',
    labels: ['model', 'version', 'guard'],
  },
  meridian_canary_guard_threshold: {
    type: 'gauge',
    help: 'Where a guard of a running canary condemns.',
    labels: ['model', 'version', 'guard'],
  },
  meridian_canary_looks: {
    type: 'gauge',
    help: 'How often a running canary was compared with stable.',
    labels: ['model', 'version'],
  },
  meridian_canary_changes_total: {
    type: 'counter',
    help: 'Changes of a canary’s state or share that this replica heard of.',
    labels: ['model', 'from', 'to'],
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
  meridian_episodes: {
    type: 'gauge',
    help: 'Drift episodes that are not over, by state; the same on every replica.',
    labels: ['model', 'state'],
  },
  meridian_episode_changes_total: {
    type: 'counter',
    help: 'Changes of drift episodes from state to state, each counted by the replica that made it.',
    labels: ['model', 'from', 'to'],
  },
  meridian_retrain_actions_total: {
    type: 'counter',
    help: 'Tries of what retrains a model. retried: again later; moved: in another region.',
    labels: ['model', 'action', 'result'],
  },
  meridian_retrainings_left: {
    type: 'gauge',
    help: 'Retrainings left in the week’s budget of a model; the same on every replica.',
    labels: ['model'],
  },
  meridian_alerts_received_total: {
    type: 'counter',
    help: 'Alerts about drift that Alertmanager posted, by what became of them.',
    labels: ['result'],
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
