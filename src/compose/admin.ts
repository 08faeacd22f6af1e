import { redactConfig } from '../config/secrets.ts';
import { GatewayError } from '../core/errors.ts';
import type { Model } from '../core/model.ts';
import type { AdminPorts, DrainBody, ExplainQuery, PurgeBody } from '../routes/admin/admin.ts';
import type { Routing } from '../routing/routing.ts';
import { createAdminAccess } from '../security/admin-access.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Parts } from './gateway.ts';

/** A config that was refused: when, and why. */
export interface Refusal {
  readonly at: string;
  readonly reasons: readonly string[];
}

export interface AdminSources {
  readonly parts: Parts;
  readonly explain: Routing['explain'];
  readonly metrics: Metrics;
  readonly logger: Logger;
  refusal(): Refusal | undefined;
}

/** What the admin routes show and do, read from the parts of the path. */
export function adminPorts({ parts, explain, metrics, logger, refusal }: AdminSources): AdminPorts {
  const { config, health, router, clock } = parts;
  const auditor = logger.child({}, { level: 'info' }); // who did what is kept at every log.level
  const audit = (actor: string, act: string, what: object) => auditor.info({ actor, act, ...what }, 'operator');
  const refused = (actor: string, act: string | undefined, error: unknown, what: object = {}) =>
    auditor.warn(
      { actor, act, ...what, refused: error instanceof Error ? error.message : String(error) },
      'operator refused',
    );
  /** Runs an operator's act and writes down how it went. */
  const audited =
    <What extends object>(act: string, run: (what: What, actor: string) => Promise<unknown>) =>
    async (what: What, actor: string): Promise<unknown> => {
      try {
        const done = await run(what, actor);
        audit(actor, act, what);
        return done;
      } catch (error) {
        refused(actor, act, error, what);
        throw error;
      }
    };
  return {
    access: call => {
      try {
        return createAdminAccess(config().config.admin, config().config.listen.admin)(call);
      } catch (error) {
        if (call.role === 'operator') refused(call.remoteAddress ?? 'unknown', call.act, error);
        throw error;
      }
    },
    metrics: () => metrics.render(clock.now()),
    targets: () => ({
      targets: health.describeAll().map(({ target, health: state }) => {
        const { model, version, name, region, kind, endpoint, variant, component, targetModel } = target;
        return {
          model,
          version,
          target: name,
          region,
          kind,
          endpoint,
          variant,
          component,
          targetModel,
          ...state,
          estimate: router.estimate(target),
        };
      }),
    }),
    regions: () => ({
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
    }),
    costs: () => ({
      targets: parts.routing.ledger.targets().map(({ target, ...account }) => ({
        model: target.model,
        version: target.version,
        target: target.name,
        region: target.region,
        ...account,
      })),
      endpoints: parts.routing.ledger.endpoints(),
    }),
    explain: query => explain(findModel(parts, query.model), explainQuery(query)),
    config: () => ({ hash: config().hash, config: redactConfig(config().config), refused: refusal() ?? null }),
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
      const model = findModel(parts, what.model);
      if (what.version !== undefined && !model.versions.some(version => version.name === what.version)) {
        throw new GatewayError(
          'not-found',
          `${model.name} has no version ${what.version}: it has ${model.versions.map(version => version.name).join(', ')}.`,
        );
      }
      const dropped = await parts.cache.purge(model.name, what.version);
      return { model: model.name, version: what.version ?? null, dropped };
    }),
  };
}

function findModel(parts: Parts, name: string): Model {
  const model = parts.config().names.get(name);
  if (model === undefined)
    throw new GatewayError('not-found', `No model ${name}: there are ${[...parts.config().models.keys()].join(', ')}.`);
  return model;
}

function scopeOf(parts: Parts, what: DrainBody): { region: string } | { model: string; target: string } {
  return 'region' in what ? { region: what.region } : { model: findModel(parts, what.model).name, target: what.target };
}

function explainQuery(query: ExplainQuery): Parameters<Routing['explain']>[1] {
  const { region, bytes, residency, prefer, targetModel } = query;
  return {
    ...(region !== undefined && { region: region.startsWith('!') ? { exclude: region.slice(1) } : { pin: region } }),
    ...(bytes !== undefined && { bodyBytes: bytes }),
    ...(residency !== undefined && { residency }),
    ...(prefer !== undefined && { prefer }),
    ...(targetModel !== undefined && { targetModel }),
  };
}
