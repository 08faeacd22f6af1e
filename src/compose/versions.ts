import { withRegistered } from '../config/registered.ts';
import type { ResolvedConfig } from '../config/resolve.ts';
import { listNewVersions, Versions, type VersionsPorts } from '../retrain/versions.ts';
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
