import type { Clock } from '../core/clock.ts';
import type { Model } from '../core/model.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Target } from '../core/target.ts';
import { createHistogram, type Histogram } from './histogram.ts';
import type { Estimate } from './router.ts';
import type { Warmth } from './warmth.ts';

/** Half of a peak is forgotten in 7 s (Finagle `PeakEwma`, linkerd2: the same 10 s). */
const decayMs = 10_000;
/** An idle target is not believed faster than its best recent answer, and that is forgotten this slowly. */
const forgetMs = 600_000;
/** Quantiles cover the last one to two of these. */
const windowMs = 60_000;
/** Failures are charged less and less, and not at all once the last one is this long ago: then the target is tried again. */
const chargedMs = 10_000;
/** Each call counts at least this much in the share of failures, however many there are per second. */
const leastFailureWeight = 0.01;
const meanWeight = 0.1;
/** For targets whose model has gone from the config; tower's `PeakEwma` assumes the same of an unknown peer. */
const assumedWithoutModelMs = 1_000;
const chargeWithoutModelMs = 10_000;

interface Load {
  /** Peak EWMA as of `answeredAt`, ms. */
  ewmaMs: number;
  answeredAt: number;
  /** EWMA of failures, 0 to 1, as of `judgedAt`. */
  failing: number;
  judgedAt: number;
  failedAt: number;
  /** Mean serving time, ms: what serverless bills. */
  meanMs: number;
  readonly histogram: Histogram;
}

/**
 * How long targets take, per target identity. Measures and never chooses.
 *
 * The latency is a peak EWMA: a slower answer counts at once and in full, a faster one pulls it down with τ = 10 s
 * (Finagle `PeakEwma.scala`). It also decays while nothing is heard, so that a slow target is tried again: towards its
 * best recent answer, not to zero, or a model with little traffic would visit its slowest region every few calls.
 * Failures add their recent share × the model's deadline, so that quick errors never look fast and one error in a
 * thousand does not move the traffic to another continent. Ten seconds after the last one the target is tried again:
 * should it still fail, that is what ejects it, and probes find out when it is well.
 */
export interface Estimator {
  /**
   * Takes in a finished attempt. Cancelled ones say nothing; cold ones concern warmth alone; throttled ones never make it
   * look faster. Returns the part of its duration that was set-up, ms.
   */
  observe(target: Target, outcome: Outcome, durationMs: number, targetModel?: string): number;
  estimate(target: Target, targetModel?: string): Estimate;
  /** Mean serving time, ms: the basis of what a serverless call costs. */
  billedMs(target: Target): number;
  /** Monotonic time of the last observation, or -Infinity. */
  lastObservedAt(target: Target): number;
  /** Forgets what was measured of a target: another build stands there now. */
  forget(target: Target): void;
  /** Forgets every target but these, after a reload. */
  retain(ids: ReadonlySet<string>): void;
}

/**
 * What an unmeasured target is assumed to take: twice the latency objective, so that it is never preferred to one that
 * meets it, but at most half the deadline, so that the warm share may go and measure it.
 */
export function assumedMs(model: Pick<Model, 'slo' | 'deadlineMs'>): number {
  return Math.min(2 * model.slo.latencyMs, model.deadlineMs / 2);
}

/** Estimates from the attempts that are measured here; nothing is known at first. */
export function createEstimator(ports: {
  clock: Clock;
  warmth: Warmth;
  model(name: string): Model | undefined;
}): Estimator {
  const { clock, warmth } = ports;
  const loads = new Map<string, Load>();
  const assumedFor = (target: Target): number => {
    const model = ports.model(target.model);
    return model === undefined ? assumedWithoutModelMs : assumedMs(model);
  };

  const observe: Estimator['observe'] = (target, outcome, durationMs, targetModel) => {
    if (outcome === 'cancelled') return 0;
    const now = clock.now();
    const load = loads.get(target.id) ?? addLoad(loads, target.id);
    const measured = load.histogram.samples() > 0;
    const usualMs = measured ? load.histogram.quantiles(now).p50Ms : assumedFor(target);
    const servingMs = warmth.settle(target, targetModel, outcome, durationMs, usualMs, measured);
    if (outcome === 'ok' || outcome === 'caller-fault') observeAnswer(load, servingMs, now);
    else observeFailure(load, outcome, durationMs, now);
    return durationMs - servingMs;
  };

  const estimate = (target: Target, targetModel?: string): Estimate => {
    const chargeMs = ports.model(target.model)?.deadlineMs ?? chargeWithoutModelMs;
    return {
      ...measured(loads.get(target.id), clock.now(), chargeMs, () => assumedFor(target)),
      warmth: warmth.warmth(target, targetModel),
      setupMs: warmth.setupMs(target),
    };
  };

  return {
    observe,
    estimate,
    billedMs: target => {
      const load = loads.get(target.id);
      return load === undefined || load.meanMs === 0 ? assumedFor(target) : load.meanMs;
    },
    lastObservedAt: target => {
      const load = loads.get(target.id);
      return load === undefined ? Number.NEGATIVE_INFINITY : Math.max(load.answeredAt, load.judgedAt);
    },
    forget: target => {
      loads.delete(target.id);
      warmth.forget(target);
    },
    retain: ids => {
      for (const id of loads.keys()) if (!ids.has(id)) loads.delete(id);
      warmth.retain(ids);
    },
  };
}

/** The part of an estimate that attempts tell; `assumed` stands in while there is none. Each failure costs `chargeMs`. */
function measured(
  load: Load | undefined,
  now: number,
  chargeMs: number,
  assumed: () => number,
): Omit<Estimate, 'warmth' | 'setupMs'> {
  const failureShare = load === undefined ? 0 : failureShareOf(load, now);
  const failedMs = failureShare * chargeMs;
  const samples = load === undefined ? 0 : load.histogram.samples();
  if (load === undefined || samples === 0) {
    const ms = assumed();
    return { latencyMs: ms + failedMs, p95Ms: ms, p99Ms: ms, samples, failureShare };
  }
  const { p95Ms, p99Ms } = load.histogram.quantiles(now);
  return { latencyMs: decayedMs(load, now) + failedMs, p95Ms, p99Ms, samples, failureShare };
}

function addLoad(loads: Map<string, Load>, id: string): Load {
  const never = Number.NEGATIVE_INFINITY;
  const load = {
    ewmaMs: 0,
    answeredAt: never,
    failing: 0,
    judgedAt: never,
    failedAt: never,
    meanMs: 0,
    histogram: createHistogram(windowMs),
  };
  loads.set(id, load);
  return load;
}

function observeAnswer(load: Load, servingMs: number, now: number): void {
  raiseOrBlend(load, servingMs, now);
  load.histogram.record(servingMs, now);
  load.meanMs = load.meanMs === 0 ? servingMs : load.meanMs + meanWeight * (servingMs - load.meanMs);
  judge(load, 0, now);
}

/** A time limit that was reached is a lower bound of the latency; any other failure can raise it, never lower it. */
function observeFailure(load: Load, outcome: Outcome, durationMs: number, now: number): void {
  if (outcome === 'cold') return;
  if (outcome === 'timeout') load.histogram.record(durationMs, now);
  if (durationMs > decayedMs(load, now) && load.histogram.samples() > 0) raiseOrBlend(load, durationMs, now);
  if (outcome !== 'throttled') judge(load, 1, now);
}

function raiseOrBlend(load: Load, durationMs: number, now: number): void {
  const kept = Math.exp((load.answeredAt - now) / decayMs);
  load.ewmaMs = durationMs >= load.ewmaMs ? durationMs : load.ewmaMs * kept + durationMs * (1 - kept);
  load.answeredAt = now;
}

function judge(load: Load, failed: 0 | 1, now: number): void {
  const kept = Math.min(1 - leastFailureWeight, Math.exp((load.judgedAt - now) / decayMs));
  load.failing = load.failing * kept + failed * (1 - kept);
  load.judgedAt = now;
  if (failed === 1) load.failedAt = now;
}

function failureShareOf(load: Load, now: number): number {
  const fade = 1 - (now - load.failedAt) / chargedMs;
  return fade <= 0 ? 0 : fade * load.failing * Math.exp((load.judgedAt - now) / decayMs);
}

function decayedMs(load: Load, now: number): number {
  const idleMs = now - load.answeredAt;
  if (idleMs <= 0) return load.ewmaMs;
  const floorMs = Math.min(load.ewmaMs, load.histogram.lowestMs() * Math.exp(-idleMs / forgetMs));
  return floorMs + (load.ewmaMs - floorMs) * Math.exp(-idleMs / decayMs);
}
