import { GatewayError } from '../../core/errors.ts';
import type { JobsOptions } from '../options.ts';
import { locationOf, parseLocation, placesAllowed } from '../places.ts';
import type { BatchPlaces } from './batch.ts';
import { batchObject } from './batch-kind.ts';

/** What a caller says of where a batch reads and writes; `{region}` stands for each region in turn. */
export interface AskedPlaces {
  /** An object, or a prefix that ends in a slash. */
  readonly inputLocation: string;
  /** A prefix; absent for the gateway's own bucket. */
  readonly outputLocation: string | undefined;
}

/**
 * By region, where a batch of `tenant` may read and write there. Throws `invalid-request` for what is no `s3://` location,
 * and `not-allowed` when no region has both in places of the config that the tenant may name.
 */
export function batchPlaces(
  options: JobsOptions,
  regions: readonly string[],
  asked: AskedPlaces,
  { id, tenant }: { readonly id: string; readonly tenant: string },
): Readonly<Record<string, BatchPlaces>> {
  const found: Record<string, BatchPlaces> = {};
  for (const region of regions) {
    const input = locationIn(asked.inputLocation, region, 'inputLocation');
    if (!mayUse(options, region, input, tenant)) continue;
    if (asked.outputLocation === undefined) {
      found[region] = { input, output: locationOf(batchObject(options, region, id, 'output/')) };
      continue;
    }
    const below = locationIn(asked.outputLocation, region, 'outputLocation');
    if (!below.endsWith('/'))
      throw new GatewayError('invalid-request', 'outputLocation must end in a slash: many objects are written there.');
    // A folder of its own, so that no batch writes over another's results.
    if (mayUse(options, region, below, tenant)) found[region] = { input, output: `${below}${id}/` };
  }
  if (Object.keys(found).length > 0) return found;
  throw new GatewayError(
    'not-allowed',
    'No region that runs batches of this model has these locations in a place that you may name: ask the operator for one.',
  );
}

/** The region's own location. Throws `invalid-request`. */
function locationIn(location: string, region: string, name: string): string {
  const expanded = location.replaceAll('{region}', region);
  if (parseLocation(expanded.replace(/\/$/, '')) !== undefined) return expanded;
  const message = `${name} must be s3://bucket/key, without . or .. or empty parts; a prefix ends in a slash.`;
  throw new GatewayError('invalid-request', message);
}

function mayUse(options: JobsOptions, region: string, location: string, tenant: string): boolean {
  return placesAllowed(options, location, tenant).includes(region);
}
