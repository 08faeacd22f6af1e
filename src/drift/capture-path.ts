import { createHash } from 'node:crypto';

/** Where a captured file stands: `{model}/{version}/yyyy/mm/dd/hh/{mmss}-{replica}-{tenant}-{n}.jsonl`. */
export interface CapturePlace {
  readonly model: string;
  readonly version: string;
  /** Start of its hour, wall clock, ms. */
  readonly hourMs: number;
  readonly replica: string;
  /** See `tenantTag`. */
  readonly tenant: string;
}

/** Files are of one tenant each, so that a tenant's records can be removed unopened; its name is not written down. */
export function tenantTag(tenant: string): string {
  return createHash('sha256').update(`tenant ${tenant}`).digest('hex').slice(0, 12);
}

/** The path of a new file, begun at this time. @param ordinal tells files apart that begin in one second */
export function capturePath({ model, version, replica, tenant }: CapturePlace, atMs: number, ordinal: number): string {
  const iso = new Date(atMs).toISOString();
  const [day = '', time = ''] = iso.split('T');
  const [hour = '', minute = '', second = ''] = time.split(':');
  const name = `${minute}${second.slice(0, 2)}-${replica}-${tenant}-${ordinal}.jsonl`;
  return [model, version, ...day.split('-'), hour, name].join('/');
}

const form = /^([^/]+)\/([^/]+)\/(\d{4})\/(\d{2})\/(\d{2})\/(\d{2})\/\d{4}-([0-9a-f]{1,32})-([0-9a-f]{12})-\d+\.jsonl$/;

/** What a path says of a file; undefined for a file that is none of the gateway's. */
export function placeOf(path: string): CapturePlace | undefined {
  const [, model, version, year, month, day, hour, replica, tenant] = form.exec(path) ?? [];
  if (model === undefined || version === undefined || replica === undefined || tenant === undefined) return undefined;
  const hourMs = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour));
  return { model, version, hourMs, replica, tenant };
}
