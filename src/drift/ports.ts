import type { Clock } from '../core/clock.ts';
import type { Emit } from '../core/events.ts';
import type { Random } from '../core/random.ts';
import type { Memory } from '../core/result.ts';
import type { StateStore, Tallies } from '../state/state.ts';
import type { Baseline } from './baseline.ts';
import type { MonitorOptions } from './options.ts';
import type { PayloadShape } from './payload.ts';
import type { PromotedVersion } from './promotions.ts';
import type { Totals } from './totals.ts';

/** A model that is watched. */
export interface MonitoredModel {
  readonly name: string;
  /** All versions that can be called. */
  readonly versions: readonly string[];
  /** Scopes that are judged beside `all`. */
  readonly scopes: readonly string[];
  /** Residency classes it is served in. */
  readonly classes: ReadonlySet<string>;
  /** Classes its calls are bound to; undefined: any. */
  readonly residency: ReadonlySet<string> | undefined;
  readonly options: MonitorOptions;
  readonly shape: PayloadShape;
}

/** A baseline, and what tells it from another. */
export interface KnownBaseline {
  readonly baseline: Baseline;
  /** Of its content. */
  readonly id: string;
}

/** What monitors need of the gateway; everything follows the config in force. */
export interface DriftPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly emit: Emit;
  /** Where payloads that wait to be read are counted. */
  readonly memory: Memory;
  readonly state: StateStore;
  readonly tallies: Tallies;
  readonly counted: Totals;
  /** Directory of this process's own files. */
  readonly directory: string;
  models(): readonly MonitoredModel[];
  model(name: string): MonitoredModel | undefined;
  /** What the config names for a version, or for a scope of it alone; undefined when it names none, or none that can be read. */
  configured(model: string, version: string, scope?: string): KnownBaseline | undefined;
  /** The version in charge of a model, if a canary made it so. */
  promoted(model: string): PromotedVersion | undefined;
  /** Whether the model's calls are not the usual mix now: a region of it is out. */
  disturbed(model: string): boolean;
  warn(message: string): void;
}
