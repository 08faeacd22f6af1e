import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ResolvedConfig } from '../config/resolve.ts';
import type { Model } from '../core/model.ts';
import type { Answer } from '../core/result.ts';
import { readBaseline } from '../drift/baseline-files.ts';
import { type Drift, startDrift } from '../drift/drift.ts';
import { type PayloadShape, readPredictions } from '../drift/payload.ts';
import type { DriftPorts, KnownBaseline, MonitoredModel } from '../drift/ports.ts';
import type { Parts } from './parts.ts';

/** Watches the monitored models of the config in force. */
export async function createDrift(parts: Parts, warn: (message: string) => void): Promise<Drift> {
  const { clock, random, emit, admission, stores, health } = parts;
  const models = monitoredModels(() => parts.config());
  const ports: DriftPorts = {
    clock,
    random,
    emit,
    memory: admission,
    state: stores.state,
    tallies: stores.tallies,
    directory: join(parts.config().config.stateDir, 'drift'),
    models: () => [...models().values()],
    model: name => models().get(name),
    configured: configuredBaselines(models, warn),
    disturbed: name => {
      const states = health.regions();
      const targets =
        parts
          .config()
          .models.get(name)
          ?.versions.flatMap(version => version.targets) ?? [];
      return targets.some(({ region }) => (states.get(region) ?? 'serving') !== 'serving');
    },
    warn,
  };
  return startDrift(ports, () => {});
}

/** The predictions of a model's answer; none where the model has no `monitor.payload` that finds them. */
export function predictionsOf(parts: Parts): (model: string, answer: Answer) => readonly (number | string)[] {
  const models = monitoredModels(() => parts.config());
  return (model, { headers, body }) => {
    const shape = models().get(model)?.shape;
    return shape === undefined ? [] : readPredictions(shape, headers['content-type'], body);
  };
}

/** By name; made once per config. */
function monitoredModels(config: () => ResolvedConfig): () => ReadonlyMap<string, MonitoredModel> {
  let of: ResolvedConfig | undefined;
  let models: ReadonlyMap<string, MonitoredModel> = new Map();
  return () => {
    const now = config();
    if (now === of) return models;
    of = now;
    models = new Map(
      [...now.models.values()].flatMap(model => monitoredModel(now, model)).map(each => [each.name, each]),
    );
    return models;
  };
}

function monitoredModel({ config }: ResolvedConfig, { name, versions, tensors }: Model): readonly MonitoredModel[] {
  const options = config.models[name]?.monitor;
  if (options === undefined) return [];
  const shape: PayloadShape = { ...options.payload, ...(tensors !== undefined && { tensors }) };
  return [{ name, versions: versions.map(version => version.name), options, shape }];
}

/** Reads each directory once per config: a baseline that was made anew is taken up by a reload. */
function configuredBaselines(
  models: () => ReadonlyMap<string, MonitoredModel>,
  warn: (message: string) => void,
): DriftPorts['configured'] {
  let of: ReadonlyMap<string, MonitoredModel> | undefined;
  const known = new Map<string, KnownBaseline | undefined>();
  return (model, version) => {
    const now = models();
    if (now !== of) known.clear();
    of = now;
    const options = now.get(model)?.options;
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
