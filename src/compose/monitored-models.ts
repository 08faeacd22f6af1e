import { readFileSync } from 'node:fs';
import type { ResolvedConfig } from '../config/resolve.ts';
import type { Model } from '../core/model.ts';
import { readBaseline } from '../drift/baseline-files.ts';
import type { PayloadShape } from '../drift/payload.ts';
import type { DriftPorts, KnownBaseline, MonitoredModel } from '../drift/ports.ts';

/** The monitored models of the config in force, by name. */
export type MonitoredModels = () => ReadonlyMap<string, MonitoredModel>;

/** Made once per config. */
export function monitoredModels(config: () => ResolvedConfig): MonitoredModels {
  let of: ResolvedConfig | undefined;
  let models: ReadonlyMap<string, MonitoredModel> = new Map();
  return () => {
    const now = config();
    if (now === of) return models;
    of = now;
    const all = [...now.models.values()].flatMap(model => monitoredModel(now, model));
    models = new Map(all.map(each => [each.name, each]));
    return models;
  };
}

function monitoredModel(
  { config }: ResolvedConfig,
  { name, versions, tensors, residency }: Model,
): readonly MonitoredModel[] {
  const options = config.models[name]?.monitor;
  if (options === undefined) return [];
  const shape: PayloadShape = { ...options.payload, ...(tensors !== undefined && { tensors }) };
  const classes = new Set(versions.flatMap(({ targets }) => targets.map(target => target.residency)));
  const scopes = Object.keys(options.scopes);
  return [{ name, versions: versions.map(version => version.name), scopes, classes, residency, options, shape }];
}

/** Reads each directory once per config: a baseline that was made anew is taken up by a reload. */
export function configuredBaselines(
  models: MonitoredModels,
  warn: (message: string) => void,
): DriftPorts['configured'] {
  let of: ReadonlyMap<string, MonitoredModel> | undefined;
  const known = new Map<string, KnownBaseline | undefined>();
  return (model, version, scope) => {
    const now = models();
    if (now !== of) known.clear();
    of = now;
    const monitor = now.get(model)?.options;
    const options = scope === undefined ? monitor : monitor?.scopes[scope];
    const directory = options?.baselines[version] ?? options?.baseline;
    if (directory === undefined) return undefined;
    if (!known.has(directory)) known.set(directory, readKnown(directory, warn));
    return known.get(directory);
  };
}

function readKnown(directory: string, warn: (message: string) => void): KnownBaseline | undefined {
  const read = readBaseline(directory, path => readFileSync(path, 'utf8'));
  if ('baseline' in read) return { baseline: read.baseline, id: read.hash };
  warn(`the baseline ${directory} cannot be read: ${read.problems.join('; ')}`);
  return undefined;
}
