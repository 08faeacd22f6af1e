import type { Emit, RegionState } from '../core/events.ts';
import type { TargetRecord } from './target-record.ts';

/** A target counts as in use for this long after a call, ms: idle ones say nothing about their region. */
const recentUseMs = 60_000;
/** Fewer ejected targets are their own illness, not their region's. */
const leastIll = 2;
/** The gateway empties at most this share of the regions: its own view may be wrong, everywhere at once. */
const mostRegionsOut = 0.5;

/** What judging regions needs of the rest. */
export interface RegionPorts {
  readonly emit: Emit;
  nowMs(): number;
  evacuateShare(): number;
  records(): Iterable<TargetRecord>;
  drained(region: string): boolean;
}

/** Which regions fail as a whole. Judged when a target changes, never per request. */
export class Regions {
  readonly #ports: RegionPorts;
  readonly #evacuated = new Set<string>();
  readonly #reported = new Map<string, RegionState>();

  constructor(ports: RegionPorts) {
    this.#ports = ports;
  }

  state(region: string): RegionState {
    if (this.#ports.drained(region)) return 'drained';
    return this.#evacuated.has(region) ? 'evacuated' : 'serving';
  }

  /** Looks at every target anew: evacuates, lets return, and reports what changed. */
  reassess(): void {
    const regions = this.#byRegion();
    for (const region of this.#reported.keys()) if (!regions.has(region)) this.#forget(region);
    for (const [region, records] of regions) {
      const failing = this.#failsTogether(records);
      if (this.#evacuated.has(region) && !failing) this.#end(region, records);
      else if (!this.#evacuated.has(region) && failing && this.#mayGo(regions)) this.#evacuate(region, records);
    }
    for (const region of this.#evacuated) this.#spareTheLast(regions.get(region) ?? []);
    for (const region of regions.keys()) this.#report(region);
  }

  #failsTogether(records: readonly TargetRecord[]): boolean {
    const recent = this.#ports.nowMs() - recentUseMs;
    let ill = 0;
    let well = 0;
    for (const record of records) {
      if (record.drained) continue;
      if (record.ill) ill += 1;
      else if (record.state === 'closed' && !record.evacuated && record.lastUsedAt >= recent) well += 1;
    }
    return ill >= leastIll && ill > this.#ports.evacuateShare() * (ill + well);
  }

  #mayGo(regions: ReadonlyMap<string, unknown>): boolean {
    let out = 1;
    for (const region of regions.keys()) if (this.state(region) !== 'serving') out += 1;
    return out <= regions.size * mostRegionsOut;
  }

  #evacuate(region: string, records: readonly TargetRecord[]): void {
    this.#evacuated.add(region);
    for (const record of records) if (record.state === 'closed') record.illness.evacuate();
  }

  #end(region: string, records: readonly TargetRecord[]): void {
    this.#evacuated.delete(region);
    for (const record of records) record.illness.endEvacuation();
  }

  /**
   * A target stays while no other region serves its model under the same residency: evacuating moves traffic, and where
   * there is nowhere to go it would only stop it.
   */
  #spareTheLast(records: readonly TargetRecord[]): void {
    if (!records.some(record => record.evacuated)) return;
    const elsewhere = new Set<string>();
    for (const record of this.#ports.records()) {
      const { model, residency, region } = record.target;
      if (record.state === 'closed' && !record.drained && this.state(region) === 'serving') {
        elsewhere.add(`${model} ${residency}`);
      }
    }
    for (const record of records) {
      if (!elsewhere.has(`${record.target.model} ${record.target.residency}`)) record.illness.endEvacuation();
    }
  }

  #byRegion(): Map<string, TargetRecord[]> {
    const regions = new Map<string, TargetRecord[]>();
    for (const record of this.#ports.records()) {
      const list = regions.get(record.target.region);
      if (list === undefined) regions.set(record.target.region, [record]);
      else list.push(record);
    }
    return regions;
  }

  #report(region: string): void {
    const from = this.#reported.get(region) ?? 'serving';
    const to = this.state(region);
    this.#reported.set(region, to);
    if (from !== to) this.#ports.emit({ type: 'region-changed', region, from, to });
  }

  #forget(region: string): void {
    this.#reported.delete(region);
    this.#evacuated.delete(region);
  }
}
