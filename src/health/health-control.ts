import type { Clock } from '../core/clock.ts';
import type { Emit, RegionState } from '../core/events.ts';
import type { Random } from '../core/random.ts';
import type { Target } from '../core/target.ts';
import type { StateStore } from '../state/state.ts';
import type { Drain, DrainScope } from './drains.ts';
import type { Health, TargetHealth } from './health.ts';
import type { HealthOptions } from './options.ts';
import type { Prober } from './probes.ts';

/** What health is made of. */
export interface HealthPorts {
  readonly targets: readonly Target[];
  readonly options: HealthOptions;
  readonly clock: Clock;
  readonly random: Random;
  readonly emit: Emit;
  readonly state: StateStore;
  /** How many replicas share the fleet-wide rates, at least 1; read each time. */
  readonly replicas: () => number;
  /** Absent: ejected targets return by callers' requests alone. */
  readonly probe?: Prober;
}

/** Health with what operators and reloads need. */
export interface HealthControl extends Health {
  /** A reload: what is known stays with a target's id; targets that are gone finish their calls and are forgotten. */
  update(targets: readonly Target[], options?: HealthOptions): void;
  /**
   * Takes a region or a target out, here at once and in every replica. Resolves once durable; rejects with
   * `invalid-request` for a name the config does not have, and with the store's error if it could not be kept.
   */
  drain(scope: DrainScope, note: { readonly by: string; readonly reason: string }): Promise<void>;
  /** Puts it back, slowly. False if it was not drained. */
  undrain(scope: DrainScope): Promise<boolean>;
  drains(): readonly Drain[];
  describeAll(): readonly { readonly target: Target; readonly health: TargetHealth }[];
  /** Every region that has targets. */
  regions(): ReadonlyMap<string, RegionState>;
  /** Cancels every timer and probe and sends waiting callers away. What is known stays readable. */
  stop(): void;
}
