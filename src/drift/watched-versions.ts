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

/** Every version of every monitored model, its monitors following the baselines in force. */
export interface WatchedVersions {
  /** Undefined for a model that is not monitored. */
  find(model: string, version: string): Watched | undefined;
  all(): readonly Watched[];
  /** Takes up what config and baselines say now. Cheap when nothing changed. */
  refresh(): void;
  /** Writes down what is new; all of it at the end. Rejects when it cannot be written. */
  save(all: boolean): Promise<void>;
}

/** The whole and its parts. */
export function partsOf({ whole, scopes }: Watched): readonly Part[] {
  return scopes.size === 0 ? [whole] : [whole, ...scopes.values()];
}

/** A name for it, unlike that of any other. */
export function partKey({ model, version, scope }: BaselineOf): string {
  return `${model} ${version} ${scope}`;
}

/** @param kept what was kept over the restart, by `partKey` */
export function watchedVersions(
  ports: DriftPorts,
  baselines: Baselines,
  store: PaneStore,
  kept: ReadonlyMap<string, KeptPanes>,
): WatchedVersions {
  const watched = new Map<string, Watched>();
  const started = new Map<Part, { id: string; options: string }>();
  const keyOf = (model: string, version: string) => `${model} ${version}`;
  const partOf = (of: BaselineOf, { options }: MonitoredModel): Part => ({
    ...of,
    monitor: undefined,
    ring: referenceRing(options.referenceRecords),
    windows: new Map(),
  });
  const refreshPart = (part: Part, options: MonitoredModel['options'], text: string) => {
    const baseline = baselines.inForce(part);
    const id = { id: baseline?.id ?? '', options: text };
    const before = started.get(part);
    if (before?.id === id.id && before.options === id.options) return;
    started.set(part, id);
    const former = part.monitor === undefined ? kept.get(partKey(part)) : keptOf(part, part.monitor);
    part.windows.clear(); // what was found against another baseline, or by other marks, is no finding now
    part.monitor = baseline && new VersionMonitor(ports, part, baseline, options, former);
    const { windows } = options;
    if (baseline === undefined || former?.baseline !== baseline.id || former.paneSeconds !== windows.paneSeconds)
      return;
    for (const window of stillStanding(former.shown ?? [], windows, ports.clock.wallMs()))
      part.windows.set(window.kind, judgedWindow(baseline.baseline, options, window));
  };
  const refreshOne = (model: MonitoredModel, version: string) => {
    const { name, options, scopes } = model;
    const of = { model: name, version };
    const known = watched.get(keyOf(name, version)) ?? {
      ...of,
      calls: callsOf(ports, name, version),
      whole: partOf({ ...of, scope: everyone }, model),
      scopes: new Map<string, Part>(),
    };
    watched.set(keyOf(name, version), known);
    for (const scope of scopes) if (!known.scopes.has(scope)) known.scopes.set(scope, partOf({ ...of, scope }, model));
    for (const [scope, part] of known.scopes) {
      if (scopes.includes(scope)) continue;
      known.scopes.delete(scope);
      started.delete(part);
    }
    const text = JSON.stringify(options);
    for (const part of partsOf(known)) refreshPart(part, options, text);
  };
  const refresh = () => {
    const wanted = new Set<string>();
    for (const model of ports.models()) {
      for (const version of model.versions) {
        wanted.add(keyOf(model.name, version));
        refreshOne(model, version);
      }
    }
    for (const [key, each] of watched) {
      if (wanted.has(key)) continue;
      watched.delete(key);
      for (const part of partsOf(each)) started.delete(part);
    }
  };
  return {
    find: (model, version) => watched.get(keyOf(model, version)),
    all: () => [...watched.values()],
    refresh,
    save: async all => {
      for (const part of [...watched.values()].flatMap(partsOf)) {
        const { monitor } = part;
        const open = await monitor?.handOver();
        if (monitor !== undefined && (all || monitor.unwritten)) await store.save(part, keptOf(part, monitor));
        else if (open !== undefined) await store.saveOpen(part, open);
      }
    },
  };
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
