import type { RegionState } from '../core/events.ts';

/** One second of the demo's traffic. */
export interface TrafficReport {
  readonly requests: number;
  readonly answered: number;
  readonly byModel: number;
  readonly cacheHits: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** What a caller notices of a region; `ejected`: the region serves, but none of its targets does. */
export type RegionReport = RegionState | 'ejected';

/** The demo's live line: requests/s, success, p50/p99, regions up, cache hits. */
export function statusLine(report: TrafficReport, regions: ReadonlyMap<string, RegionReport>): string {
  const share = (part: number) => (report.requests === 0 ? '–' : `${((100 * part) / report.requests).toFixed(1)} %`);
  const up = [...regions].filter(([, state]) => state === 'serving').length;
  const down = [...regions].filter(([, state]) => state !== 'serving').map(([region, state]) => `${region} ${state}`);
  return [
    `${report.requests} req/s`,
    `answered ${share(report.answered)}`,
    `p50 ${report.p50Ms.toFixed(0)} ms`,
    `p99 ${report.p99Ms.toFixed(0)} ms`,
    `regions ${up}/${regions.size}${down.length === 0 ? '' : ` (${down.join(', ')})`}`,
    `cache ${share(report.cacheHits)}`,
  ].join('  ');
}
