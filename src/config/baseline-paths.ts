import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Path, placeOf, type Source } from './findings.ts';
import type { Config, ModelOptions } from './schema.ts';

/** Where what ships with the gateway lies. */
const ownDirectory = fileURLToPath(new URL('../..', import.meta.url));

/**
 * A path written in the config, made absolute: beside the file it is written in, else from the working directory, else
 * of what ships with the gateway.
 */
export function besideFile(source: Source, at: Path, written: string): string {
  const beside = resolve(dirname(placeOf(source, at).file), written);
  return [beside, resolve(written), resolve(ownDirectory, written)].find(path => existsSync(path)) ?? beside;
}

/** The config with the directories of baselines made absolute. */
export function withBaselinePaths(config: Config, source: Source): Config {
  const models = Object.entries(config.models).map(([name, options]) => [name, withPaths(name, options, source)]);
  return { ...config, models: Object.fromEntries(models) };
}

function withPaths(name: string, options: ModelOptions, source: Source): ModelOptions {
  const { monitor } = options;
  if (monitor === undefined) return options;
  const path: Path = ['models', name, 'monitor'];
  const scopes = Object.entries(monitor.scopes).map(([scope, own]) => [
    scope,
    { ...own, ...absolute(own, source, [...path, 'scopes', scope]) },
  ]);
  return {
    ...options,
    monitor: { ...monitor, ...absolute(monitor, source, path), scopes: Object.fromEntries(scopes) },
  };
}

type Named = Pick<NonNullable<ModelOptions['monitor']>, 'baseline' | 'baselines'>;

/** What is named at a path, for all versions and for single ones, made absolute. */
function absolute({ baseline, baselines }: Named, source: Source, path: Path): Named {
  const single = Object.entries(baselines).map(([version, written]) => [
    version,
    besideFile(source, [...path, 'baselines', version], written),
  ]);
  return {
    ...(baseline !== undefined && { baseline: besideFile(source, [...path, 'baseline'], baseline) }),
    baselines: Object.fromEntries(single),
  };
}
