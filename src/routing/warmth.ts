import type { Clock } from '../core/clock.ts';
import type { Outcome } from '../core/outcome.ts';
import type { BackendKind, Target } from '../core/target.ts';
import type { Estimate } from './router.ts';

/** Assumed until one is seen: starting a container, or fetching and loading a model, takes seconds. */
export const assumedSetupMs = 3_000;

/**
 * How long something idle stays warm for certain, and when it is surely gone. AWS publishes neither: serverless workers
 * are seen to go after 5 to 15 minutes; a multi-model container unloads under memory pressure, not by the clock.
 */
const keptWarm = {
  'sagemaker-serverless': { surelyMs: 5 * 60_000, goneMs: 15 * 60_000 },
  'sagemaker-multi-model': { surelyMs: 30 * 60_000, goneMs: 120 * 60_000 },
} as const satisfies Partial<Record<BackendKind, { surelyMs: number; goneMs: number }>>;

/** Target models remembered per multi-model target; callers name them, so the number must be bounded. */
const maxTargetModels = 1_000;
/** A call believed cold that took less than this many usual answers was warm after all. */
const coldFactor = 2;
/** Weight of the newest set-up time in the remembered one. */
const setupWeight = 0.5;

interface Known {
  /** When it was set up, as far as we saw: calls begun before that were cold. Monotonic ms, as all times here. */
  warmSince: number;
  answeredAt: number;
  /** Most calls at once that were answered within the time things stay warm, and when. */
  atOnce: number;
  atOnceAt: number;
}

interface TargetWarmth {
  /** Undefined until one was seen. */
  setupMs: number | undefined;
  /** By target model; '' for serverless, which has none. */
  readonly models: Map<string, Known>;
}

/**
 * Whether a serverless worker or a multi-model container would find the model loaded. Always-on instances are always
 * warm. A target that has answered nothing yet counts as cold.
 */
export interface Warmth {
  /** Probability that the next call finds it warm, 0 to 1. */
  warmth(target: Target, targetModel: string | undefined): number;
  /** Expected set-up time when it does not, ms. */
  setupMs(target: Target): number;
  /**
   * Learns from a finished attempt and returns the part of its duration that was serving, ms: the rest was set-up and
   * says nothing about the latency of a warm call. `usualMs` is what an answer usually takes, or, while not `measured`,
   * is assumed to take.
   */
  settle(
    target: Target,
    targetModel: string | undefined,
    outcome: Outcome,
    durationMs: number,
    usualMs: number,
    measured: boolean,
  ): number;
  forget(target: Target): void;
  /** Forgets every target but these. */
  retain(ids: ReadonlySet<string>): void;
}

/** Time to expect of the next call when nothing else is in flight, ms: serving, plus set-up as far as it is likely. */
export function expectedMs(estimate: Estimate): number {
  return estimate.latencyMs + (1 - estimate.warmth) * estimate.setupMs;
}

/** Learns from outcomes how long a target stays warm and what setting it up takes. */
export function createWarmth(ports: { clock: Clock; inFlight(target: Target): number }): Warmth {
  const targets = new Map<string, TargetWarmth>();
  const known = (target: Target, targetModel: string | undefined): Known | undefined =>
    targets.get(target.id)?.models.get(target.targetModel ?? targetModel ?? '');

  return {
    warmth: (target, targetModel) => {
      if (!coolsDown(target.kind)) return 1;
      return probabilityWarm(target.kind, known(target, targetModel), ports.clock.now(), ports.inFlight(target));
    },
    setupMs: target => (coolsDown(target.kind) ? (targets.get(target.id)?.setupMs ?? assumedSetupMs) : 0),
    settle: (target, targetModel, outcome, durationMs, usualMs, measured) => {
      const { kind } = target;
      if (!coolsDown(kind)) return durationMs;
      const state = targetState(targets, target.id);
      const name = target.targetModel ?? targetModel ?? '';
      if (outcome === 'cold') state.models.delete(name);
      if (outcome !== 'ok' && outcome !== 'caller-fault') return durationMs;
      const now = ports.clock.now();
      const others = ports.inFlight(target);
      const before = state.models.get(name);
      const begunAt = now - durationMs;
      const wasWarm =
        before !== undefined && begunAt >= before.warmSince && probabilityWarm(kind, before, begunAt, others) >= 0.5;
      remember(state, name, kind, wasWarm, now, others + 1);
      if (wasWarm || durationMs <= (measured ? coldFactor : 1) * usualMs) return durationMs;
      const seenMs = durationMs - usualMs;
      state.setupMs = state.setupMs === undefined ? seenMs : state.setupMs + setupWeight * (seenMs - state.setupMs);
      return usualMs;
    },
    forget: target => {
      targets.delete(target.id);
    },
    retain: ids => {
      for (const id of targets.keys()) if (!ids.has(id)) targets.delete(id);
    },
  };
}

/** Whether a kind of target has to be set up again after a while; the others are always on. */
function coolsDown(kind: Target['kind']): kind is keyof typeof keptWarm {
  return Object.hasOwn(keptWarm, kind);
}

function probabilityWarm(kind: keyof typeof keptWarm, known: Known | undefined, now: number, inFlight: number): number {
  if (known === undefined) return 0;
  const { surelyMs, goneMs } = keptWarm[kind];
  const idleMs = now - known.answeredAt;
  const kept = idleMs <= surelyMs ? 1 : Math.max(0, (goneMs - idleMs) / (goneMs - surelyMs));
  // a serverless worker takes one call at a time: growth past what was warm starts another
  const roomy = kind !== 'sagemaker-serverless' || inFlight < known.atOnce ? 1 : known.atOnce / (inFlight + 1);
  return kept * roomy;
}

function targetState(targets: Map<string, TargetWarmth>, id: string): TargetWarmth {
  let state = targets.get(id);
  if (state === undefined) {
    state = { setupMs: undefined, models: new Map() };
    targets.set(id, state);
  }
  return state;
}

/** Notes an answer given while `atOnce` calls were in flight; past the bound the one that answered longest ago goes. */
function remember(
  state: TargetWarmth,
  name: string,
  kind: keyof typeof keptWarm,
  wasWarm: boolean,
  now: number,
  atOnce: number,
): void {
  const known = state.models.get(name) ?? { warmSince: now, answeredAt: now, atOnce, atOnceAt: now };
  if (!wasWarm && known.answeredAt + keptWarm[kind].surelyMs < now) known.warmSince = now;
  known.answeredAt = now;
  if (atOnce >= known.atOnce || now - known.atOnceAt > keptWarm[kind].surelyMs) {
    known.atOnce = atOnce;
    known.atOnceAt = now;
  }
  if (kind === 'sagemaker-multi-model') state.models.delete(name); // maps keep insertion order: the newest goes last
  state.models.set(name, known);
  if (state.models.size <= maxTargetModels) return;
  for (const oldest of state.models.keys()) {
    state.models.delete(oldest);
    return;
  }
}
