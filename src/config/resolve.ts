import { createHash } from 'node:crypto';
import type { CredentialsOptions, TargetOptions } from '../backends/options.ts';
import type { FallbackStep, Model, Version } from '../core/model.ts';
import { kindTraits, type Target } from '../core/target.ts';
import type { FallbackOptions } from '../fallback/options.ts';
import { type Identity, identityName } from './identities.ts';
import { type PriceTable, priceOf } from './prices.ts';
import { type Region, resolveRegion } from './resolve-region.ts';
import type { Config, ModelOptions } from './schema.ts';
import { geographyOfProfile, operationsOf, serverOf } from './target-abilities.ts';
import { resolveTransform } from './transforms.ts';

/** A config made ready to use: every default filled in, every reference followed. Immutable; a reload makes a new one. */
export interface ResolvedConfig {
  /** Twelve hex digits that change when anything in the config or the prices does. */
  readonly hash: string;
  readonly config: Config;
  /** By model name. */
  readonly models: ReadonlyMap<string, Model>;
  /** By model name or alias: what callers may write. */
  readonly names: ReadonlyMap<string, Model>;
  readonly targets: readonly Target[];
  readonly regions: ReadonlyMap<string, Region>;
  /** By `Target.identity`. Different credentials never share a name, see `identityName`. */
  readonly identities: ReadonlyMap<string, Identity>;
}

/** What makes a target itself across reloads: model, version, kind, region, endpoint, variant, component, target model. */
export function targetId(model: string, version: string, target: TargetOptions): string {
  const { kind, region, variant = '', component = '', targetModel = '' } = target;
  return [model, version, kind, region, endpointOf(target), variant, component, targetModel]
    .map(encodeURIComponent)
    .join('/');
}

/** The endpoint's name, the model's id, or the server's URL and what the model is called there. */
function endpointOf({ kind, endpoint, modelId, url }: TargetOptions): string {
  const named = kind === 'bedrock' || kind === 'http' ? modelId : undefined;
  return [url, named ?? endpoint].filter(part => part !== undefined).join('#');
}

/** Makes a validated config ready to use. Throws only when handed one that `validate` refuses. */
export function resolveConfig(config: Config, prices: PriceTable): ResolvedConfig {
  const identities = new Map<string, Identity>();
  const regions = new Map(
    Object.keys(config.regions).map(name => [name, resolveRegion(name, config, prices, identities)]),
  );
  const models = new Map<string, Model>();
  const names = new Map<string, Model>();
  for (const [name, options] of Object.entries(config.models)) {
    const scope = { config, prices, regions, identities, model: name, options };
    const model = resolveModel(name, options, resolveVersions(scope));
    models.set(name, model);
    for (const known of [name, ...model.aliases]) names.set(known, model);
  }
  const targets = [...models.values()].flatMap(model => model.versions.flatMap(version => version.targets));
  return { hash: hashOf(config, prices), config, models, names, targets, regions, identities };
}

/** See `ResolvedConfig.hash`. */
export function hashOf(config: Config, prices: PriceTable): string {
  return createHash('sha256')
    .update(JSON.stringify([config, prices]))
    .digest('hex')
    .slice(0, 12);
}

function resolveModel(name: string, options: ModelOptions, versions: readonly Version[]): Model {
  const { policy, residency, ...routing } = options.routing;
  const { owner, sample, tensors, cache, fallback, newVersions, ...others } = options;
  const { routing: _, versions: __, retrain: ___, monitor: ____, canary: _____, ...same } = others;
  return {
    name,
    ...same,
    ...routing,
    owner,
    policy,
    residency: residency === undefined ? undefined : new Set(residency),
    cache,
    tensors,
    newVersions,
    fallback: fallback.map(fallbackStep),
    sample: sample && { contentType: sample.contentType, body: Buffer.from(sample.body) },
    versions,
  };
}

function fallbackStep(step: FallbackOptions[number]): FallbackStep {
  if (step === 'stale') return { kind: 'stale' };
  if ('model' in step) return { kind: 'model', model: step.model };
  return { kind: 'static', contentType: step.static.contentType, body: Buffer.from(step.static.body) };
}

interface Scope {
  readonly config: Config;
  readonly prices: PriceTable;
  readonly regions: ReadonlyMap<string, Region>;
  /** Filled as targets name what signs for them. */
  readonly identities: Map<string, Identity>;
  readonly model: string;
  readonly options: ModelOptions;
}

function resolveVersions(scope: Scope): readonly Version[] {
  return Object.entries(scope.options.versions).map(([name, { weight, targets, transforms }]) => {
    const taken = new Map<string, number>();
    return {
      name,
      weight,
      targets: targets.map(options => resolveTarget(scope, name, options, taken)),
      transforms: transforms.map(options => resolveTransform(options, scope.regions, scope.prices)),
    };
  });
}

/** `v1@us-east-1/realtime`, and `…/realtime-2` for the second one that would be called so. */
function targetName(version: string, target: TargetOptions, taken: Map<string, number>): string {
  const name = `${version}@${target.region}/${kindTraits[target.kind].short}`;
  const ordinal = (taken.get(name) ?? 0) + 1;
  taken.set(name, ordinal);
  return ordinal === 1 ? name : `${name}-${ordinal}`;
}

function resolveTarget(scope: Scope, version: string, options: TargetOptions, taken: Map<string, number>): Target {
  const { config, model } = scope;
  const { kind, variant, component, targetModel, weight } = options;
  const endpoint = endpointOf(options);
  const region = scope.regions.get(options.region);
  if (region === undefined) throw new Error(`target of ${model} ${version} names no region of the config`);
  const credentials: CredentialsOptions =
    options.credentials ?? config.regions[region.name]?.credentials ?? config.credentials ?? 'default';
  const identity = options.kind === 'http' ? 'none' : identityName(credentials, region.name);
  if (options.kind !== 'http') scope.identities.set(identity, { credentials, region: region.name });
  return {
    id: targetId(model, version, options),
    name: targetName(version, options, taken),
    model,
    version,
    kind,
    region: region.name,
    residency: options.residency ?? geographyOfProfile(options) ?? region.residency,
    endpoint,
    operations: operationsOf(options, scope.options.tensors !== undefined),
    ...(scope.options.tensors !== undefined && { tensors: scope.options.tensors }),
    ...(options.url !== undefined && { server: serverOf(options, options.url) }),
    ...(kind !== 'http' &&
      options.api === 'openai' &&
      options.modelId !== undefined && { servedModel: options.modelId }),
    ...(options.template !== undefined && { template: options.template }),
    ...(variant !== undefined && { variant }),
    ...(component !== undefined && { component }),
    ...(targetModel !== undefined && { targetModel }),
    maxConcurrency: options.maxConcurrency,
    maxRequestBytes: Math.min(scope.options.maxRequestBytes, kindTraits[kind].maxRequestBytes),
    weight,
    price: priceOf(options, scope.prices),
    egressUsdPerGb: region.egressUsdPerGb,
    identity,
    quotaGroup: [kind, identity, region.name, endpoint, variant ?? ''].join('/'),
  };
}
