import type { ObjectPlace } from '../../backends/object-store.ts';
import type { WorkKind } from '../book.ts';
import type { JobsOptions } from '../options.ts';
import { type Batch, isBatchOver } from './batch.ts';
import { decodeBatch } from './record.ts';

/** Batches, as the book keeps them. One that may have left a transform job behind stays open until that is stopped. */
export const batchKind: WorkKind<Batch> = {
  name: 'batch',
  indexPrefix: 'batch/',
  folders: foldersOf,
  record: (options, region, id) => batchObject(options, region, id, 'record.json'),
  decode: decodeBatch,
  isOver: ({ state }) => isBatchOver(state),
  isOpen: batch =>
    !isBatchOver(batch.state) ||
    !batch.told ||
    batch.removing === true ||
    batch.attempts.some(({ stage }) => stage === 'abandoned'),
};

/** Apart from those of jobs: a job's folder is named by its id. */
function foldersOf({ prefix }: JobsOptions): string {
  return `${prefix}batches/`;
}

/** An object of the gateway's own about a batch. Throws when the region has no bucket. */
export function batchObject(
  options: JobsOptions,
  region: string,
  id: string,
  name: 'record.json' | 'withdrawn' | 'output/',
): ObjectPlace {
  const bucket = options.buckets[region];
  if (bucket === undefined) throw new Error(`jobs.buckets names no bucket in ${region}`);
  return { region, bucket, key: `${foldersOf(options)}${id}/${name}` };
}
