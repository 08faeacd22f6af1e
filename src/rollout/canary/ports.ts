import type { Clock } from '../../core/clock.ts';
import type { Emit } from '../../core/events.ts';
import type { Model } from '../../core/model.ts';
import type { Random } from '../../core/random.ts';
import type { InferenceRequest } from '../../core/request.ts';
import type { Answer } from '../../core/result.ts';
import type { Target } from '../../core/target.ts';
import type { StateStore, Tallies } from '../../state/state.ts';
import type { CanaryOptions } from '../options.ts';
import type { MirroredCounts } from './counts.ts';
import type { History } from './history.ts';

/** A mirrored version's agreement, while a canary is only shadowed: what this process has counted of it since it began. */
export interface ShadowStage {
  agreement(): MirroredCounts;
  stop(): void;
}

/** What canaries need of the rest; each is given in the composition root. */
export interface CanaryPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly emit: Emit;
  readonly state: StateStore;
  readonly tallies: Tallies;
  readonly history: History;
  model(name: string): Model | undefined;
  models(): Iterable<Model>;
  options(model: string): CanaryOptions | undefined;
  /** Whether records can be changed together with the other replicas now, and all of them have had time to compare theirs. */
  together(): boolean;
  mayServe(model: Model, target: Target, request: InferenceRequest): boolean;
  /** Why a target gets no calls now; undefined when it may. */
  unusable(target: Target): 'drained' | 'evacuated' | 'ejected' | 'throttled' | 'reserved' | 'full' | undefined;
  region(name: string): 'serving' | 'evacuated' | 'drained';
  /** Drops the version's cached answers everywhere. */
  purge(model: string, version: string): Promise<unknown>;
  /** Predictions of an answer; throws when they cannot be read. */
  predictionsOf(model: string, answer: Answer): readonly (number | string)[];
  /** Begins to mirror a share of calls. */
  shadow(model: string, version: string, share: number): ShadowStage;
  /** Unlike every other process's. */
  readonly series: string;
  background(work: () => Promise<unknown>): void;
  warn(message: string): void;
}
