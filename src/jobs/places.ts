import type { ObjectPlace } from '../backends/object-store.ts';
import { GatewayError } from '../core/errors.ts';
import type { JobsOptions } from './options.ts';

/** Keys of one job in the bucket of a region. */
export interface JobPlaces {
  readonly input: ObjectPlace;
  readonly record: ObjectPlace;
  /** Written to withdraw the job, by whichever replica its caller reaches. */
  readonly withdrawn: ObjectPlace;
  /** Written by whoever makes this submission, so that no two replicas do. */
  claim(attempt: number): ObjectPlace;
}

/** Where a job is in a region. Throws when the region has no bucket. */
export function placesOf(options: JobsOptions, region: string, id: string): JobPlaces {
  const bucket = options.buckets[region];
  if (bucket === undefined) throw new Error(`jobs.buckets names no bucket in ${region}`);
  const at = (name: string): ObjectPlace => ({ region, bucket, key: `${options.prefix}${id}/${name}` });
  return {
    input: at('input'),
    record: at('record.json'),
    withdrawn: at('withdrawn'),
    claim: attempt => at(`attempt-${attempt}`),
  };
}

/** `s3://bucket/key` of a place. */
export function locationOf({ bucket, key }: ObjectPlace): string {
  return `s3://${bucket}/${key}`;
}

/** Bucket and key of a location; undefined unless it is `s3://bucket/key` with no `.`, `..` or empty part in the key. */
export function parseLocation(location: string): { readonly bucket: string; readonly key: string } | undefined {
  const [, bucket, key] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/([\x20-\x7e]+)$/.exec(location) ?? [];
  if (bucket === undefined || key === undefined) return undefined;
  const parts = key.split('/');
  return parts.some(part => part === '' || part === '.' || part === '..') ? undefined : { bucket, key };
}

/**
 * By region, the input that a caller of `tenant` names. Throws `invalid-request` for what is no `s3://` location, and
 * `not-allowed` for one outside the places of the config: the gateway's credentials could read more than the caller's.
 */
export function inputPlaces(
  options: JobsOptions | undefined,
  location: string,
  tenant: string,
): ReadonlyMap<string, string> {
  const parsed = parseLocation(location);
  if (parsed === undefined)
    throw new GatewayError('invalid-request', 'InputLocation must be s3://bucket/key, without . or .. or empty parts.');
  const regions = options === undefined ? [] : placesAllowed(options, location, tenant);
  if (regions.length > 0) return new Map(regions.map(region => [region, location]));
  throw new GatewayError(
    'not-allowed',
    'InputLocation is in no place that you may name: ask the operator for one, or make a job of it.',
  );
}

/**
 * Regions with a place of the config that this location is below, and that the tenant may name. None for what is, or as
 * a prefix holds, the gateway's own keys, however wide a place is: those are every tenant's inputs and records.
 */
export function placesAllowed(options: JobsOptions, location: string, tenant: string): readonly string[] {
  if (touchesOwnKeys(options, location)) return [];
  return options.places
    .filter(place => place.tenants === undefined || place.tenants.includes(tenant))
    .filter(place => location.startsWith(place.s3))
    .map(place => place.region);
}

function touchesOwnKeys({ buckets, prefix }: JobsOptions, location: string): boolean {
  return Object.values(buckets).some(bucket => {
    const own = `s3://${bucket}/${prefix}`;
    return location.startsWith(own) || own.startsWith(location);
  });
}

/** Where an endpoint of `region` wrote; undefined when the config does not allow that place. */
export function outputPlace(options: JobsOptions, region: string, location: string): ObjectPlace | undefined {
  const parsed = parseLocation(location);
  if (parsed === undefined) return undefined;
  const own = options.buckets[region] === parsed.bucket && !parsed.key.startsWith(options.prefix);
  const allowed = own || options.places.some(place => place.region === region && isBelow(parsed, place.s3));
  return allowed ? { region, ...parsed } : undefined;
}

function isBelow({ bucket, key }: { readonly bucket: string; readonly key: string }, prefix: string): boolean {
  return `s3://${bucket}/${key}`.startsWith(prefix);
}
