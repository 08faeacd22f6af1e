import type { JobsOptions } from '../options.ts';
import type { Batch } from './batch.ts';
import { batchObject } from './batch-kind.ts';
import { changeBatch } from './change.ts';
import { stopAttempt } from './follow-batch.ts';
import type { BatchPorts } from './ports.ts';

/**
 * Has a batch stopped. The replica that works on it may be another one, so this is written beside the record too; the
 * region is told at once, whoever works on it.
 */
export async function withdrawBatch(ports: BatchPorts, batch: Batch, options: JobsOptions): Promise<Batch> {
  const marks = copiesOf(batch, options).map(region => batchObject(options, region, batch.id, 'withdrawn'));
  await Promise.allSettled(marks.map(mark => ports.store.put(mark, Buffer.from(ports.replica), 'text/plain')));
  const attempt = batch.attempts.findLast(({ stage }) => stage === 'created');
  if (attempt !== undefined) await stopAttempt(ports, batch, attempt);
  if (batch.owner === ports.replica) return changeBatch(ports, batch, 'withdrawn');
  return { ...batch, state: 'stopping' }; // as its owner will find
}

/** Whether some replica was told to stop the batch. */
export async function isBatchWithdrawn(ports: BatchPorts, batch: Batch, options: JobsOptions): Promise<boolean> {
  const [region] = copiesOf(batch, options);
  if (region === undefined) return false;
  const mark = batchObject(options, region, batch.id, 'withdrawn');
  return (await ports.store.look(mark).catch(() => undefined)) !== undefined;
}

/** Regions of its record that still have a bucket. */
export function copiesOf({ copies }: Batch, { buckets }: JobsOptions): readonly string[] {
  return copies.filter(region => Object.hasOwn(buckets, region));
}
