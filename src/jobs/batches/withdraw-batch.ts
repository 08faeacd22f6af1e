import type { ObjectPlace } from '../../backends/object-store.ts';
import type { JobsOptions } from '../options.ts';
import { isMarked, mark, notNoted } from '../withdrawal.ts';
import type { Batch } from './batch.ts';
import { batchObject } from './batch-kind.ts';
import { changeBatch } from './change.ts';
import { stopAttempt } from './follow-batch.ts';
import type { BatchPorts } from './ports.ts';

/**
 * Has a batch stopped. The replica that works on it may be another one, so this is written beside the record too; the
 * region is told at once, whoever works on it. Throws `upstream-failed` when its owner cannot hear.
 */
export async function withdrawBatch(ports: BatchPorts, batch: Batch, options: JobsOptions): Promise<Batch> {
  const isNoted = await mark(ports.store, marksOf(batch, options), ports.replica);
  if (!isNoted && batch.owner !== ports.replica) throw notNoted();
  const attempt = batch.attempts.findLast(({ stage }) => stage === 'created');
  if (attempt !== undefined) await stopAttempt(ports, batch, attempt);
  if (batch.owner === ports.replica) return changeBatch(ports, batch, 'withdrawn');
  return { ...batch, state: 'stopping' }; // as its owner will find
}

/** Whether some replica was told to stop the batch. */
export function isBatchWithdrawn(ports: BatchPorts, batch: Batch, options: JobsOptions): Promise<boolean> {
  return isMarked(ports.store, marksOf(batch, options));
}

function marksOf(batch: Batch, options: JobsOptions): readonly ObjectPlace[] {
  return copiesOf(batch, options).map(region => batchObject(options, region, batch.id, 'withdrawn'));
}

/** Regions of its record that still have a bucket. */
export function copiesOf({ copies }: Batch, { buckets }: JobsOptions): readonly string[] {
  return copies.filter(region => Object.hasOwn(buckets, region));
}
