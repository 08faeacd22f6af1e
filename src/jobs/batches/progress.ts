import type { ObjectPlace, ObjectStore } from '../../backends/object-store.ts';
import { parseLocation } from '../places.ts';
import type { Batch, BatchProgress } from './batch.ts';

/** Beyond that many objects nothing is counted: each thousand is a call. */
const mostCounted = 10_000;

/** SageMaker tells no more than that a transform runs; but each object that is done appears among the outputs. */
export async function progressOf(
  { store }: { readonly store: ObjectStore },
  batch: Pick<Batch, 'places' | 'progress'>,
  region: string,
): Promise<BatchProgress> {
  const places = batch.places[region];
  if (places === undefined) return {};
  const [inputs, outputs] = await Promise.all([
    batch.progress?.inputs ?? countBelow(store, region, places.input),
    countBelow(store, region, places.output),
  ]);
  return { ...(inputs !== undefined && { inputs }), ...(outputs !== undefined && { outputs }) };
}

/** Undefined for a place that the gateway may not list, or that holds too much. */
async function countBelow(store: ObjectStore, region: string, location: string): Promise<number | undefined> {
  const place = placeBelow(region, location);
  if (place === undefined) return undefined;
  let count = 0;
  try {
    for await (const page of store.keys(region, place.bucket, place.key)) {
      count += page.filter(key => !key.endsWith('/')).length;
      if (count > mostCounted) return undefined;
    }
    return count;
  } catch {
    return undefined; // seen again at the next look; the batch itself does not depend on it
  }
}

/** Bucket and prefix of a location that may end in a slash. */
export function placeBelow(region: string, location: string): ObjectPlace | undefined {
  const isFolder = location.endsWith('/');
  const parsed = parseLocation(isFolder ? location.slice(0, -1) : location);
  return parsed && { region, bucket: parsed.bucket, key: isFolder ? `${parsed.key}/` : parsed.key };
}
