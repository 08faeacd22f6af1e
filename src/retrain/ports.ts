import type { ControlPlane } from '../backends/control-plane.ts';
import type { Poster } from '../backends/post.ts';
import type { Clock } from '../core/clock.ts';
import type { Emit, RegionState } from '../core/events.ts';
import type { StateStore } from '../state/state.ts';
import type { EpisodeBook } from './book.ts';
import type { Evidence } from './evidence.ts';
import type { RetrainOptions } from './options.ts';
import type { RetrainBudget } from './retrain-budget.ts';

/** A model's newest canary, as its controller tells it. */
export interface CanaryView {
  readonly id: string;
  readonly version: string;
  readonly startedAtMs: number;
  /** Over: how it ended. */
  readonly state: 'running' | 'promoted' | 'rolled-back';
  readonly reason: string;
  /** Who began it. */
  readonly by: string;
}

/** What episodes ask of the rest of the gateway. */
export interface RetrainPorts {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly controlPlane: ControlPlane;
  readonly poster: Poster;
  readonly book: EpisodeBook;
  readonly budget: RetrainBudget;
  /** Where the windows heard so far are written down, for all replicas. */
  readonly state: Pick<StateStore, 'get' | 'set'>;
  /** Of this process, the same after a restart. */
  readonly replica: string;
  /** Every model that is retrained. */
  models(): readonly (readonly [string, RetrainOptions])[];
  /** Undefined for a model that is not retrained, or is not there. */
  options(model: string): RetrainOptions | undefined;
  /** Version in charge. */
  stable(model: string): string | undefined;
  /** Whether callers' calls go to a version: of one that was replaced, or never was there, nothing is believed. */
  carries(model: string, version: string): boolean;
  /** What tells the baselines of a model and scope apart; undefined when it has none. */
  baseline(model: string, scope: string): string | undefined;
  /** Where captured data and feedback of a scope are: names and places, never data. Keys are words of `parameters`. */
  references(model: string, scope: string): Readonly<Record<string, string>>;
  /** Whether the gateway's own windows can still say of something that it drifts, or that it does not any more. */
  judges(model: string, scope: string, what: Pick<Evidence, 'monitor' | 'version' | 'feature'>): boolean;
  /** Regions that serve the model. */
  regionsOf(model: string): readonly string[];
  /** Residency classes the model is served in: what a scope may be, beside `all`. */
  residenciesOf(model: string): readonly string[];
  regionState(region: string): RegionState;
  canary(model: string): CanaryView | undefined;
  warn(message: string): void;
}
