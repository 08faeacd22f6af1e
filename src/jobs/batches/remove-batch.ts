import type { JobsOptions } from '../options.ts';
import type { Batch } from './batch.ts';
import { batchKind, batchObject } from './batch-kind.ts';
import type { BatchPorts, BatchStep } from './ports.ts';
import { placeBelow } from './progress.ts';
import { copiesOf } from './withdraw-batch.ts';

const againMs = 60_000;

/** Removes a batch, with its outputs where they lie in the gateway's own bucket, the record last. */
export async function removeBatch(ports: BatchPorts, batch: Batch, options: JobsOptions): Promise<BatchStep> {
  await ports.book.removing({ ...batch, removing: false, owner: ports.replica });
  const copies = copiesOf(batch, options);
  try {
    if (!batch.keepsOutput) await removeOutputs(ports, batch, options);
    await Promise.all(copies.map(region => ports.store.delete(batchObject(options, region, batch.id, 'withdrawn'))));
    await Promise.all(copies.map(region => ports.store.delete(batchKind.record(options, region, batch.id))));
    await ports.book.forget(batch.id);
  } catch (error) {
    ports.warn(`batch ${batch.id} cannot be removed whole now: ${String(error)}`);
  }
  return { batch, againMs };
}

async function removeOutputs({ store }: BatchPorts, batch: Batch, { buckets }: JobsOptions): Promise<void> {
  const regions = new Set(batch.attempts.map(({ region }) => region).filter(region => Object.hasOwn(buckets, region)));
  for (const region of regions) {
    const place = placeBelow(region, batch.places[region]?.output ?? '');
    if (place === undefined) continue;
    for await (const page of store.keys(region, place.bucket, place.key))
      await Promise.all(page.map(key => store.delete({ ...place, key })));
  }
}
