import type { TargetOptions } from '../backends/options.ts';
import { loadPrices } from './load.ts';
import { type ResolvedConfig, resolveConfig } from './resolve.ts';
import type { Config, ModelOptions, VersionOptions } from './schema.ts';

/** A version that came by itself, and where it runs. */
export interface RegisteredVersion {
  readonly model: string;
  readonly version: string;
  readonly endpoint: string;
  readonly variant?: string;
}

/**
 * The config with the versions that were registered, each with weight 0 and targets like those of the version that
 * `newVersions.like` names. What the file itself says of a version outranks what was registered under its name; a model
 * that takes no new versions any more has none.
 */
export function withRegistered(base: ResolvedConfig, registered: readonly RegisteredVersion[]): ResolvedConfig {
  const models = Object.entries(base.config.models).map(([name, options]) => {
    const own = registered.filter(each => each.model === name && !Object.hasOwn(options.versions, each.version));
    return [name, own.length === 0 ? options : withVersions(options, own)] as const;
  });
  const config: Config = { ...base.config, models: Object.fromEntries(models) };
  const unchanged = models.every(([name, options]) => options === base.config.models[name]);
  return unchanged ? base : resolveConfig(config, loadPrices());
}

function withVersions(options: ModelOptions, registered: readonly RegisteredVersion[]): ModelOptions {
  const { newVersions, versions } = options;
  if (newVersions === undefined) return options;
  const like = versions[newVersions.like ?? ''] ?? Object.values(versions)[0];
  const added = registered.map(({ version, ...place }): [string, VersionOptions] => {
    const targets = (like?.targets ?? []).map(target => placed(target, place));
    return [version, { weight: 0, targets, transforms: [] }];
  });
  return { ...options, versions: { ...versions, ...Object.fromEntries(added) } };
}

function placed(target: TargetOptions, { endpoint, variant }: Pick<RegisteredVersion, 'endpoint' | 'variant'>) {
  const where = target.modelId === undefined ? { endpoint } : { modelId: endpoint };
  return { ...target, ...where, ...(variant !== undefined && { variant }) };
}
