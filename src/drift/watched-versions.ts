import type { Baselines } from './baselines.ts';
import type { DriftPorts, MonitoredModel } from './ports.ts';
import { type ReferenceRing, referenceRing } from './reference-ring.ts';
import type { KeptPanes, PaneStore } from './stored-panes.ts';
import { type JudgedWindow, VersionMonitor } from './version-monitor.ts';

/** What becomes of a call of a watched version. */
const fates = ['read', 'unreadable', 'sampled-out', 'dropped'] as const;

/** One version under watch. */
export interface Watched {
  readonly model: string;
  readonly version: string;
  /** Undefined without a baseline. */
  monitor: VersionMonitor | undefined;
  readonly ring: ReferenceRing;
  /** By what became of them. */
  readonly calls: Readonly<Record<(typeof fates)[number], { value: number }>>;
  /** By kind, as last judged. */
  readonly windows: Map<JudgedWindow['kind'], JudgedWindow>;
}

/** Every version of every monitored model, its monitor following the baseline in force. */
export interface WatchedVersions {
  /** Undefined for a model that is not monitored. */
  find(model: string, version: string): Watched | undefined;
  all(): readonly Watched[];
  /** Takes up what config and baselines say now. Cheap when nothing changed. */
  refresh(): void;
  /** Writes down what is new; all of it at the end. Rejects when it cannot be written. */
  save(all: boolean): Promise<void>;
}

/** @param kept what was kept over the restart, by `model version` */
export function watchedVersions(
  ports: DriftPorts,
  baselines: Baselines,
  store: PaneStore,
  kept: ReadonlyMap<string, KeptPanes>,
): WatchedVersions {
  const watched = new Map<string, Watched>();
  const started = new Map<string, { id: string; options: string }>();
  const keyOf = (model: string, version: string) => `${model} ${version}`;
  const refreshOne = ({ name, options }: MonitoredModel, version: string) => {
    const key = keyOf(name, version);
    const known = watched.get(key) ?? {
      model: name,
      version,
      monitor: undefined,
      ring: referenceRing(options.referenceRecords),
      calls: callsOf(ports, name, version),
      windows: new Map(),
    };
    watched.set(key, known);
    const baseline = baselines.inForce(name, version);
    const id = { id: baseline?.id ?? '', options: JSON.stringify(options) };
    const before = started.get(key);
    if (before?.id === id.id && before.options === id.options) return;
    started.set(key, id);
    if (baseline === undefined) known.windows.clear();
    known.monitor =
      baseline &&
      new VersionMonitor(
        ports,
        known,
        baseline,
        options,
        known.monitor === undefined ? kept.get(key) : known.monitor.kept(),
      );
  };
  const refresh = () => {
    const wanted = new Set<string>();
    for (const model of ports.models()) {
      for (const version of model.versions) {
        wanted.add(keyOf(model.name, version));
        refreshOne(model, version);
      }
    }
    for (const key of watched.keys()) {
      if (wanted.has(key)) continue;
      watched.delete(key);
      started.delete(key);
    }
  };
  return {
    find: (model, version) => watched.get(keyOf(model, version)),
    all: () => [...watched.values()],
    refresh,
    save: async all => {
      for (const { model, version, monitor } of watched.values()) {
        const open = await monitor?.handOver();
        if (monitor !== undefined && (all || monitor.unwritten)) await store.save(model, version, monitor.kept());
        else if (open !== undefined) await store.saveOpen(model, version, open);
      }
    },
  };
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
