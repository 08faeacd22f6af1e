import { snsUrlOf } from '../config/regions.ts';
import { redactConfig } from '../config/secrets.ts';
import { GatewayError } from '../core/errors.ts';
import type { Episodes } from '../retrain/episodes.ts';
import type { Versions } from '../retrain/versions.ts';
import type { AdminPorts, DrainBody, ExplainQuery, PurgeBody } from '../routes/admin/admin.ts';
import type { DeleteDataBody } from '../routes/admin/data.ts';
import type { Routing } from '../routing/routing.ts';
import { createAdminAccess } from '../security/admin-access.ts';
import { callerOf } from '../security/credential.ts';
import { bindCallers } from '../security/tenants.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { type Auditor, auditor } from './auditor.ts';
import type { CanaryPart } from './canary.ts';
import { canaryActs } from './canary-acts.ts';
import type { DriftSide } from './drift.ts';
import { episodeActs, hookPorts } from './episodes.ts';
import { withCanary } from './explained-canary.ts';
import { keyActs } from './key-acts.ts';
import { namedModel } from './named-model.ts';
import type { Parts } from './parts.ts';
import type { Shadowing } from './shadow.ts';
import { snsHook } from './sns-hook.ts';
import { snsSignatures } from './sns-signatures.ts';
import { versionActs } from './versions.ts';

/** A config that was refused: when, and why. */
export interface Refusal {
  readonly at: string;
  readonly reasons: readonly string[];
}

/** What the operator's side is made of. */
export interface AdminSources {
  readonly parts: Parts;
  readonly episodes: Episodes;
  readonly versions: Versions;
  /** Another build may stand behind an endpoint's name. */
  endpointChanged(endpoint: string, region: string, detail: string): void;
  readonly explain: Routing['explain'];
  readonly shadowing: Shadowing;
  readonly canaries: CanaryPart;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly drift: DriftSide;
  refusal(): Refusal | undefined;
}

/** What the admin routes show and do, read from the parts of the path. */
export function adminPorts(sources: AdminSources): AdminPorts {
  const { parts, episodes, versions, endpointChanged, explain, shadowing, canaries, metrics, refusal } = sources;
  const { config, clock } = parts;
  const audit = auditor(sources.logger);
  return {
    access: call => {
      try {
        return createAdminAccess(config().config.admin, config().config.listen.admin)(call);
      } catch (error) {
        if (call.role === 'operator') audit.refused(call.remoteAddress ?? 'unknown', call.act, error);
        throw error;
      }
    },
    metrics: () => metrics.render(clock.now()),
    targets: () => showTargets(parts),
    regions: () => showRegions(parts),
    costs: () => showCosts(parts),
    explain: query => {
      const model = namedModel(parts, query.model);
      const explained = { ...explain(model, explainQuery(parts, query)), mirrored: shadowing.mirroredOf(model.name) };
      const { name } = model;
      return withCanary(explained, canaries.record(name), canaries.stableOf(name), canaries.outOf(name));
    },
    shadow: () => ({ shadows: shadowing.view() }),
    config: () => ({ hash: config().hash, config: redactConfig(config().config), refused: refusal() ?? null }),
    ...operatorActs(parts, audit),
    ...keyActs(parts, audit),
    ...canaryActs(parts, canaries, audit),
    ...episodeActs(parts, episodes, audit),
    ...versionActs(parts, versions, audit),
    ...hookPorts(parts, { episodes, versions, endpointChanged, fromSns: snsHookOf(parts) }, audit),
    deleteData: audit.audited('data delete', (what: DeleteDataBody) => sources.drift.erasures.erase(what)),
  };
}

function snsHookOf({ clock, backends: { poster }, config }: Parts) {
  const topics = () => config().config.hooks.topics;
  const known = (region: string) => config().regions.get(region)?.snsUrl ?? snsUrlOf(region);
  const isSigned = snsSignatures({ clock, poster, snsUrlOf: known });
  return snsHook({ topics, isSigned, confirm: poster.visit, wallMs: () => clock.wallMs() });
}

function operatorActs(parts: Parts, { audited }: Auditor): Pick<AdminPorts, 'drain' | 'undrain' | 'purge'> {
  const { health } = parts;
  return {
    drain: audited('drain', async (what: DrainBody, actor) => {
      await health.drain(scopeOf(parts, what), { by: actor, reason: what.reason ?? '' });
      return { drains: health.drains() };
    }),
    undrain: audited('undrain', async (what: DrainBody) => {
      if (!(await health.undrain(scopeOf(parts, what))))
        throw new GatewayError('not-found', 'It was not drained: see /admin/regions for what is.');
      return { drains: health.drains() };
    }),
    purge: audited('purge', async (what: PurgeBody) => {
      const model = namedModel(parts, what.model);
      if (what.version !== undefined && !model.versions.some(version => version.name === what.version)) {
        const names = model.versions.map(version => version.name).join(', ');
        throw new GatewayError('not-found', `${model.name} has no version ${what.version}: it has ${names}.`);
      }
      const dropped = await parts.cache.purge(model.name, what.version);
      return { model: model.name, version: what.version ?? null, dropped };
    }),
  };
}

function showTargets({ health, router }: Parts): unknown {
  return {
    targets: health.describeAll().map(({ target, health: state }) => {
      const { model, version, name, region, kind, endpoint, variant, component, targetModel } = target;
      const where = { model, version, target: name, region, kind, endpoint, variant, component, targetModel };
      return { ...where, ...state, estimate: router.estimate(target) };
    }),
  };
}

function showRegions({ config, health }: Parts): unknown {
  return {
    regions: [...config().regions.values()].map(({ name, residency }) => {
      const targets = health.describeAll().filter(({ target }) => target.region === name);
      return {
        region: name,
        residency,
        state: health.region(name),
        targets: targets.length,
        usable: targets.filter(({ health: state }) => state.availability.usable).length,
        inFlight: targets.reduce((sum, { health: state }) => sum + state.inFlight, 0),
      };
    }),
    drains: health.drains(),
  };
}

function showCosts({ routing: { ledger } }: Parts): unknown {
  return {
    targets: ledger.targets().map(({ target: { model, version, name, region }, ...account }) => ({
      ...{ model, version, target: name, region },
      ...account,
    })),
    endpoints: ledger.endpoints(),
  };
}

function scopeOf(parts: Parts, what: DrainBody): { region: string } | { model: string; target: string } {
  return 'region' in what
    ? { region: what.region }
    : { model: namedModel(parts, what.model).name, target: what.target };
}

function explainQuery(parts: Parts, query: ExplainQuery): Parameters<Routing['explain']>[1] {
  const { region, bytes, residency, prefer, targetModel, variant, component, key, stream, operation } = query;
  const keyResidency = key === undefined ? undefined : residencyOfKey(parts, key, query.model);
  return {
    ...(region !== undefined && { region: region.startsWith('!') ? { exclude: region.slice(1) } : { pin: region } }),
    ...(bytes !== undefined && { bodyBytes: Number(bytes) }),
    ...(stream === 'true' && { streaming: true }),
    ...(operation !== undefined && { operation }),
    ...(residency !== undefined && { residency }),
    ...(prefer !== undefined && { prefer }),
    ...(targetModel !== undefined && { targetModel }),
    ...(variant !== undefined && { targetVariant: variant }),
    ...(component !== undefined && { inferenceComponent: component }),
    ...(keyResidency !== undefined && { keyResidency: new Set(keyResidency) }),
  };
}

/** What a key is bound to. Throws when there is no such key, or when it may not call the model at all. */
function residencyOfKey(parts: Parts, id: string, modelName: string): readonly string[] | undefined {
  const { auth, tenants } = parts.config().config;
  const configured = auth === 'none' ? undefined : auth.keys.find(candidate => candidate.id === id);
  const key = configured ?? parts.callers.issued.find(id);
  if (key === undefined)
    throw new GatewayError(
      'not-found',
      `No API key has the id ${id}: see auth.keys in the config, and meridian keys list.`,
    );
  const { name } = namedModel(parts, modelName);
  const { models } = bindCallers(tenants)(callerOf(key));
  if (models !== undefined && !models.has(name))
    throw new GatewayError(
      'invalid-request',
      `The key ${id} may not call ${name}: it may call ${[...models].join(', ') || 'nothing'}.`,
    );
  return key.residency;
}
