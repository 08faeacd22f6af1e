import type { BaselineOf, Baselines } from './baselines.ts';
import { type JudgedWindow, judgedWindow, stillStanding } from './judged-window.ts';
import type { DriftPorts, MonitoredModel } from './ports.ts';
import { type ReferenceRing, referenceRing } from './reference-ring.ts';
import { everyone } from './scope.ts';
import type { KeptPanes, PaneStore } from './stored-panes.ts';
import { VersionMonitor } from './version-monitor.ts';

/** What becomes of a call of a watched version. */
const fates = ['read', 'unreadable', 'sampled-out', 'dropped'] as const;

/** Calls of a version under watch: all of them, or those of one scope. */
export interface Part extends BaselineOf {
  /** Undefined without a baseline. */
  monitor: VersionMonitor | undefined;
  readonly ring: ReferenceRing;
  /** By kind, as last judged. */
  readonly windows: Map<JudgedWindow['kind'], JudgedWindow>;
}

/** One version under watch. */
export interface Watched {
  readonly model: string;
  readonly version: string;
  /** By what became of them. */
  readonly calls: Readonly<Record<(typeof fates)[number], { value: number }>>;
  readonly whole: Part;
  /** By scope, without `all`. */
  readonly scopes: Map<string, Part>;
}

/** The whole and its parts. */
export function partsOf({ whole, scopes }: Watched): readonly Part[] {
  return scopes.size === 0 ? [whole] : [whole, ...scopes.values()];
}

/** A name for it, unlike that of any other. */
export function partKey({ model, version, scope }: BaselineOf): string {
  return `${model} ${version} ${scope}`;
}

/** Every version of every monitored model, its monitors following the baselines in force. */
export class WatchedVersions {
  readonly #ports: DriftPorts;
  readonly #baselines: Baselines;
  readonly #store: PaneStore;
  readonly #kept: ReadonlyMap<string, KeptPanes>;
  readonly #watched = new Map<string, Watched>();
  readonly #started = new Map<Part, { readonly id: string; readonly options: string }>();

  /** None until the first `refresh`. @param kept what was kept over the restart, by `partKey` */
  constructor(ports: DriftPorts, baselines: Baselines, store: PaneStore, kept: ReadonlyMap<string, KeptPanes>) {
    this.#ports = ports;
    this.#baselines = baselines;
    this.#store = store;
    this.#kept = kept;
  }

  /** Undefined for a model that is not monitored. */
  find(model: string, version: string): Watched | undefined {
    return this.#watched.get(versionKey(model, version));
  }

  all(): readonly Watched[] {
    return [...this.#watched.values()];
  }

  /** Takes up what config and baselines say now. Cheap when nothing changed. */
  refresh(): void {
    const wanted = new Set<string>();
    for (const model of this.#ports.models()) {
      const text = JSON.stringify(model.options);
      for (const version of model.versions) {
        wanted.add(versionKey(model.name, version));
        for (const part of partsOf(this.#known(model, version))) this.#refreshPart(part, model.options, text);
      }
    }
    for (const [key, each] of this.#watched) {
      if (wanted.has(key)) continue;
      this.#watched.delete(key);
      for (const part of partsOf(each)) this.#started.delete(part);
    }
  }

  /** Writes down what is new; all of it at the end. Rejects when it cannot be written. */
  async save(all: boolean): Promise<void> {
    for (const part of this.all().flatMap(partsOf)) {
      const { monitor } = part;
      const open = await monitor?.handOver();
      if (monitor !== undefined && (all || monitor.unwritten)) await this.#store.save(part, keptOf(part, monitor));
      else if (open !== undefined) await this.#store.saveOpen(part, open);
    }
  }

  /** A version with the scopes that it is to have now. */
  #known({ name, options, scopes }: MonitoredModel, version: string): Watched {
    const of = { model: name, version };
    const known = this.#watched.get(versionKey(name, version)) ?? {
      ...of,
      calls: callsOf(this.#ports, name, version),
      whole: newPart({ ...of, scope: everyone }, options),
      scopes: new Map<string, Part>(),
    };
    this.#watched.set(versionKey(name, version), known);
    for (const scope of scopes)
      if (!known.scopes.has(scope)) known.scopes.set(scope, newPart({ ...of, scope }, options));
    for (const [scope, part] of known.scopes) {
      if (scopes.includes(scope)) continue;
      known.scopes.delete(scope);
      this.#started.delete(part);
    }
    return known;
  }

  #refreshPart(part: Part, options: MonitoredModel['options'], text: string): void {
    const baseline = this.#baselines.inForce(part);
    const id = baseline?.id ?? '';
    const before = this.#started.get(part);
    if (before?.id === id && before.options === text) return;
    this.#started.set(part, { id, options: text });
    const former = part.monitor === undefined ? this.#kept.get(partKey(part)) : keptOf(part, part.monitor);
    part.windows.clear(); // what was found against another baseline, or by other marks, is no finding now
    part.monitor = baseline && new VersionMonitor(this.#ports, part, baseline, options, former);
    const { windows } = options;
    if (baseline === undefined || former?.baseline !== baseline.id || former.paneSeconds !== windows.paneSeconds)
      return;
    for (const window of stillStanding(former.shown ?? [], windows, this.#ports.clock.wallMs()))
      part.windows.set(window.kind, judgedWindow(baseline.baseline, options, window));
  }
}

function versionKey(model: string, version: string): string {
  return `${model} ${version}`;
}

function newPart(of: BaselineOf, { referenceRecords }: MonitoredModel['options']): Part {
  return { ...of, monitor: undefined, ring: referenceRing(referenceRecords), windows: new Map() };
}

function keptOf({ windows }: Part, monitor: VersionMonitor): KeptPanes {
  const shown = [...windows.values()].map(({ kind, endsAt, counts }) => ({ kind, endsAt, counts }));
  return { ...monitor.kept(), shown };
}

function callsOf({ counted }: DriftPorts, model: string, version: string): Watched['calls'] {
  const cell = (result: string) => counted.cell('meridian_monitored_calls_total', { model, version, result });
  const [read, unreadable, sampledOut, dropped] = fates;
  return {
    [read]: cell(read),
    [unreadable]: cell(unreadable),
    [sampledOut]: cell(sampledOut),
    [dropped]: cell(dropped),
  };
}
