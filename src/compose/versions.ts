import { withRegistered } from '../config/registered.ts';
import type { ResolvedConfig } from '../config/resolve.ts';
import { GatewayError } from '../core/errors.ts';
import { listNewVersions, Versions, type VersionsPorts } from '../retrain/versions.ts';
import type { RemoveVersionBody, VersionPorts } from '../routes/admin/versions.ts';
import type { Auditor } from './auditor.ts';
import type { Parts } from './parts.ts';

/** Between looks for canaries that are due. */
const lookMs = 5_000;

/** The config of the files with the versions that came by themselves. */
export function withNewVersions(base: ResolvedConfig, { stores }: Pick<Parts, 'stores'>): ResolvedConfig {
  return withRegistered(base, listNewVersions(stores.state));
}

/** Versions that come by themselves, over the gateway's parts. */
export function createVersions(
  parts: Parts,
  more: Pick<VersionsPorts, 'inUse' | 'apply' | 'startCanary' | 'warn'>,
): Versions {
  const { stores, clock, emit, config } = parts;
  return new Versions(
    {
      ...more,
      state: stores.state,
      clock,
      emit,
      model: name => config().models.get(name),
      models: () => config().models.values(),
    },
    lookMs,
  );
}

/** What operators see and do, each act written down. */
export function versionActs(versions: Versions, { audited }: Auditor): VersionPorts {
  return {
    newVersions: () => ({ versions: versions.list() }),
    removeVersion: audited('versions remove', async ({ model, version }: RemoveVersionBody) => {
      if (await versions.remove(model, version)) return { model, version };
      const known = versions.list().some(each => each.model === model && each.version === version);
      throw known
        ? new GatewayError('invalid-request', `${version} of ${model} is in use: abort its canary first.`, {
            status: 409,
          })
        : new GatewayError('not-found', `No version ${version} of ${model} came by itself: see /admin/versions.`);
    }),
  };
}
