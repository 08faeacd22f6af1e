import type { ConnectionCounts } from './front-door.ts';

/** Requests seen, counted when they arrive; by status once answered, `cut` when the connection ended first. */
export interface RequestCounts {
  total: number;
  inFlight: number;
  byStatus: Record<string, number>;
}

export interface RegionStats extends RequestCounts {
  readonly connections: ConnectionCounts;
  readonly sts: RequestCounts;
  readonly endpoints: Readonly<Record<string, RequestCounts & { readonly state: Readonly<Record<string, unknown>> }>>;
}

/** What `GET /stats` answers. */
export interface Stats {
  readonly regions: Readonly<Record<string, RegionStats>>;
}

export function noRequests(): RequestCounts {
  return { total: 0, inFlight: 0, byStatus: {} };
}

/** Counts an arrival everywhere it belongs; the returned function counts how it ended. */
export function countRequest(counters: readonly RequestCounts[]): (outcome: string) => void {
  for (const counter of counters) {
    counter.total++;
    counter.inFlight++;
  }
  return outcome => {
    for (const counter of counters) {
      counter.inFlight--;
      counter.byStatus[outcome] = (counter.byStatus[outcome] ?? 0) + 1;
    }
  };
}
