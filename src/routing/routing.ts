import type { Clock } from '../core/clock.ts';
import type { Model } from '../core/model.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Random } from '../core/random.ts';
import type { Target } from '../core/target.ts';
import { createAffinity } from './affinity.ts';
import { createCallSizes } from './cost.ts';
import { createRouter } from './create-router.ts';
import { createEstimator } from './estimator.ts';
import { createExplain, type TargetDescriptions } from './explain.ts';
import type { ExplainQuery, Explanation } from './explanation.ts';
import { createLedger, type Ledger } from './ledger.ts';
import type { Incumbents } from './policies/balanced.ts';
import { createPolicies } from './policies/registry.ts';
import type { RoutedRequest, Router } from './router.ts';
import { createWarmShare } from './warm-share.ts';
import { createWarmth } from './warmth.ts';

/** What routing learns from beside the outcome. */
export type MeasuredRequest = Pick<RoutedRequest, 'fields' | 'hints' | 'caller'>;

/** Everything routing does, put together. */
export interface Routing {
  readonly router: Router;
  explain(model: Model, query?: ExplainQuery): Explanation;
  /** Feeds the estimate with a finished attempt; call it after the target's slot was given back. */
  /** The part of the duration that was set-up, ms. */
  measure(target: Target, outcome: Outcome, durationMs: number, request: MeasuredRequest): number;
  readonly ledger: Ledger;
  /** Another build stands behind the target: what was measured of it says nothing any more. */
  forget(target: Target): void;
  /** After a reload: forgets what was measured of targets that are gone. Estimates of the others stay. */
  retain(targets: readonly Target[]): void;
}

/**
 * `model` finds a model of the config in force by name; `replicas` is the size of the fleet. Nothing here starts a timer,
 * so there is nothing to stop.
 */
export function createRouting(ports: {
  clock: Clock;
  random: Random;
  states: TargetDescriptions;
  model(name: string): Model | undefined;
  replicas(): number;
}): Routing {
  const { clock, random, states, model, replicas } = ports;
  const warmth = createWarmth({ clock, inFlight: target => states.inFlight(target) });
  const estimator = createEstimator({ clock, warmth, model });
  const sizes = createCallSizes();
  const ledger = createLedger({ clock, sizes, replicas });
  const incumbents: Incumbents = new Map();
  const policies = createPolicies({ clock, random, incumbents });
  const warmShare = createWarmShare({ clock, lastObservedAt: estimator.lastObservedAt });
  const affinity = createAffinity(clock);
  const router = createRouter({ random, states, estimator, sizes, policies, warmShare, affinity });
  return {
    router,
    explain: createExplain({ clock, states, estimator, sizes, warmShare, incumbents }, router),
    measure: (target, outcome, durationMs, request) => {
      const setUpMs = estimator.observe(target, outcome, durationMs, request.fields.targetModel);
      if (outcome === 'ok') affinity.answered(target, request);
      return setUpMs;
    },
    ledger,
    forget: estimator.forget,
    retain: targets => {
      const ids = new Set(targets.map(target => target.id));
      estimator.retain(ids);
      warmShare.retain(ids);
    },
  };
}
