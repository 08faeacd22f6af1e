import type { ObjectStore } from '../../backends/object-store.ts';
import type { TransformPlane } from '../../backends/transform-plane.ts';
import type { Clock } from '../../core/clock.ts';
import type { Emit, RegionState } from '../../core/events.ts';
import type { Transform } from '../../core/transform.ts';
import type { Book } from '../book.ts';
import type { JobsOptions } from '../options.ts';
import type { Batch } from './batch.ts';

/** What working on batches needs of the rest. */
export interface BatchPorts {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly store: ObjectStore;
  readonly plane: TransformPlane;
  readonly book: Book<Batch>;
  /** Resolves when calls can be signed; before that there is nothing to do but wait. */
  ready(): Promise<void>;
  /** The config in force; undefined when it has no jobs any more. */
  options(): JobsOptions | undefined;
  /** Of this replica, the same after a restart. */
  readonly replica: string;
  /** Of a version, in the config's order; none when it is not configured any more. */
  transforms(model: string, version: string): readonly Transform[];
  regionState(region: string): RegionState;
  /** Tells whoever waits for the batch's end; resolves to whether all of them heard it. Never rejects. */
  tell(batch: Batch): Promise<boolean>;
  /** AWS's text without what callers must not see. */
  clean(batch: Pick<Batch, 'model'>, text: string): string;
  /** Notes what a tenant's batch cost, USD. */
  charge(tenant: string, usd: number): void;
  warn(message: string): void;
}

/** What to do about a batch next. */
export interface BatchStep {
  /** The batch as it is now, saved already. */
  readonly batch: Batch;
  /** When to look again, ms from now. */
  readonly againMs: number;
}
