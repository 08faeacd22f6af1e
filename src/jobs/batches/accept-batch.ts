import type { ObjectStore } from '../../backends/object-store.ts';
import { GatewayError } from '../../core/errors.ts';
import type { JobsOptions } from '../options.ts';
import type { Batch } from './batch.ts';
import { batchKind } from './batch-kind.ts';

/** A batch that is not accepted yet. */
export type NewBatch = Omit<Batch, 'copies' | 'state' | 'attempts'>;

/**
 * Writes a batch down in as many regions as the config asks for, and as there are for it. Resolves once that is durable.
 * Rejects, with nothing left behind, when too few regions take it.
 */
export async function acceptBatch(
  store: ObjectStore,
  options: JobsOptions,
  batch: NewBatch,
  warn: (message: string) => void,
): Promise<Batch> {
  const regions = Object.keys(batch.places);
  const wanted = Math.min(options.inputCopies, regions.length);
  const accepted: Batch = { ...batch, copies: [], state: 'queued', attempts: [] };
  const copies: string[] = [];
  const unsure: string[] = [];
  for (const region of regions) {
    if (copies.length >= wanted) break;
    // Each record names the copies known by then; the first change of state rewrites them all.
    const bytes = Buffer.from(JSON.stringify({ ...accepted, copies: [...copies, region] }));
    try {
      await store.put(batchKind.record(options, region, batch.id), bytes, 'application/json');
      copies.push(region);
    } catch (error) {
      unsure.push(region);
      warn(`the record of batch ${batch.id} is not in ${region}: ${String(error)}`);
    }
  }
  const isAccepted = copies.length >= wanted;
  // A write that failed for the gateway may have come through: found later, it would run what was refused or removed.
  await Promise.all(
    (isAccepted ? unsure : [...copies, ...unsure]).map(region =>
      store
        .delete(batchKind.record(options, region, batch.id))
        .catch((error: unknown) => warn(`the record of batch ${batch.id} may be left in ${region}: ${String(error)}`)),
    ),
  );
  if (isAccepted) return { ...accepted, copies };
  const message = `The batch could be written down in ${copies.length} of ${wanted} regions only, and is not accepted: repeat the call.`;
  throw new GatewayError('upstream-failed', message);
}
