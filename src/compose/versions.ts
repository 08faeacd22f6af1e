import { withRegistered } from '../config/registered.ts';
import type { ResolvedConfig } from '../config/resolve.ts';
import { GatewayError } from '../core/errors.ts';
import { listNewVersions } from '../retrain/new-version.ts';
import { Versions, type VersionsPorts } from '../retrain/versions.ts';
import { isRunning } from '../rollout/canary/states.ts';
import type { RemoveVersionBody, VersionPorts } from '../routes/admin/versions.ts';
import type { Auditor } from './auditor.ts';
import type { CanaryPart } from './canary.ts';
import { auditedOwn } from './owned.ts';
import type { Parts } from './parts.ts';
import { togetherState } from './together.ts';

/** Between looks for canaries that are due. */
const lookMs = 5_000;

/** The config of the files with the versions that came by themselves. */
export function withNewVersions(base: ResolvedConfig, { stores }: Pick<Parts, 'stores'>): ResolvedConfig {
  return withRegistered(base, listNewVersions(stores.state));
}

/** Whether any came so far, in an earlier process or another replica's. */
export function hasNewVersions({ stores }: Pick<Parts, 'stores'>): boolean {
  return listNewVersions(stores.state).length > 0;
}

/** Versions that come by themselves, over the gateway's parts. */
export function createVersions(
  parts: Parts,
  canaries: Pick<CanaryPart, 'record' | 'start' | 'act' | 'stableOf'>,
  more: Pick<VersionsPorts, 'apply' | 'warn'>,
  together: () => boolean,
): Versions {
  const { stores, clock, emit, config } = parts;
  return new Versions(
    {
      ...more,
      inUse: model => inUse(canaries, model),
      stopCanary: (model, version, by, why) => stopCanary(canaries, model, version, by, why),
      startCanary: (model, version, by) => startCanary(canaries, model, version, by),
      state: togetherState(stores, together),
      clock,
      emit,
      model: name => config().models.get(name),
      models: () => config().models.values(),
    },
    lookMs,
  );
}

/** Whatever carries calls, or tries to. */
function inUse(canaries: Pick<CanaryPart, 'record' | 'stableOf'>, model: string): ReadonlySet<string> {
  const record = canaries.record(model);
  const trial = record !== undefined && isRunning(record.state) ? [record.canary, record.stable] : [];
  return new Set([...trial, canaries.stableOf(model) ?? '']);
}

/** Starts the canary of a new version, unless it had one; why not, when it cannot be. */
async function startCanary(
  canaries: Pick<CanaryPart, 'record' | 'start'>,
  model: string,
  version: string,
  by: string,
): Promise<{ refusal: string; later: boolean } | undefined> {
  const record = canaries.record(model);
  if (record?.canary === version) return undefined;
  if (record !== undefined && isRunning(record.state)) return { refusal: `${record.canary} is on trial`, later: true };
  try {
    await canaries.start(model, version, by, { reason: 'a new version' });
    return undefined;
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const now = canaries.record(model);
    if (now?.canary === version) return undefined; // another replica was faster
    const later = error.code === 'replicas-apart' || (now !== undefined && isRunning(now.state));
    return { refusal: error.message, later };
  }
}

/** Ends the canary of a version, unless another runs, or it is over. */
async function stopCanary(
  canaries: Pick<CanaryPart, 'record' | 'act'>,
  model: string,
  version: string,
  by: string,
  why: string,
): Promise<void> {
  const record = canaries.record(model);
  if (record?.canary !== version || !isRunning(record.state)) return;
  await canaries.act(model, 'abort', by, why);
}

/** What operators see and do, each act written down. */
export function versionActs(parts: Parts, versions: Versions, audit: Auditor): VersionPorts {
  const modelOf = ({ model: name }: RemoveVersionBody) => parts.config().models.get(name) ?? { name };
  return {
    newVersions: () => ({ versions: versions.list() }),
    removeVersion: auditedOwn(audit, 'versions remove', modelOf, async ({ model, version }) => {
      if (await versions.remove(model, version)) return { model, version };
      const known = versions.list().some(each => each.model === model && each.version === version);
      throw known
        ? new GatewayError('invalid-request', `${version} of ${model} is in use: abort its canary first.`, {
            status: 409,
          })
        : new GatewayError(
            'not-found',
            `No version ${version} of ${model} came from the registry: \`meridian versions\` lists those that did.`,
          );
    }),
  };
}
