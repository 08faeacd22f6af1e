import type { Clock } from '../../core/clock.ts';
import type { Model, PolicyName } from '../../core/model.ts';
import type { Random } from '../../core/random.ts';
import type { Policy, RoutedRequest } from '../router.ts';
import { balanced, type Incumbents } from './balanced.ts';
import { cheapestWithinSlo } from './cheapest-within-slo.ts';
import { lowestCost } from './lowest-cost.ts';
import { lowestLatency } from './lowest-latency.ts';
import { ordered } from './ordered.ts';
import { weighted } from './weighted.ts';

/** A policy for every name. */
export type Policies = Readonly<Record<PolicyName, Policy>>;

/** Every policy there is. A new one: a file here, a line here, its name in `core/model.ts`, a test. */
export function createPolicies(ports: { clock: Clock; random: Random; incumbents: Incumbents }): Policies {
  return {
    'lowest-latency': lowestLatency(ports.random),
    'lowest-cost': lowestCost(),
    'cheapest-within-slo': cheapestWithinSlo(),
    balanced: balanced(ports.clock, ports.incumbents),
    weighted: weighted(ports.random),
    ordered: ordered(),
  } satisfies Record<PolicyName, Policy>;
}

const preferred = {
  latency: 'lowest-latency',
  cost: 'lowest-cost',
  balanced: 'balanced',
} as const satisfies Record<string, PolicyName>;

/** The caller's `x-meridian-prefer`, else the model's own policy. */
export function policyFor(model: Model, request: RoutedRequest): PolicyName {
  const { prefer } = request.hints;
  return prefer === undefined ? model.policy : preferred[prefer];
}
