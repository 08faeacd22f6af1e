import { createHash } from 'node:crypto';
import { GatewayError } from '../../core/errors.ts';
import type { Model, Version } from '../../core/model.ts';
import type { CanaryOptions } from '../options.ts';
import { noEvidence, noTotals } from './evidence.ts';
import { promotedOf } from './in-charge.ts';
import { type Plan, type PlanChanges, PlanError, planOf, stableVersion, weightsOf } from './plan.ts';
import { audited, type CanaryRecord, shutOut } from './record.ts';
import { isRunning } from './states.ts';

/** What a canary begins with. */
export interface Beginning {
  readonly id: string;
  readonly version: string;
  readonly by: string;
  readonly reason: string;
  readonly atMs: number;
  readonly changes: PlanChanges;
}

const previousKept = 20;

/** Record of a new canary. @throws GatewayError when it cannot begin now, or not this way */
export function beginning(
  model: Model,
  options: CanaryOptions,
  before: CanaryRecord | undefined,
  begin: Beginning,
): CanaryRecord {
  const { id, version, by, reason, atMs } = begin;
  const base = baseOf(model, before);
  const { canary, stable } = mayBegin(model, before, base, version);
  const plan = planOrRefuse(() => planOf(options, canary, begin.changes));
  mustHaveCooled(before, plan, begin);
  const shadowed = plan.shadowFirst !== undefined;
  const record: CanaryRecord = {
    ...{ format: 1, id, model: model.name, canary: version, startedBy: by, startedAtMs: atMs, plan, reason },
    stable,
    state: shadowed ? 'shadowing' : 'stepping',
    ...{ wave: 0, step: shadowed ? -1 : 0, stepSinceMs: atMs, stateSinceMs: atMs },
    ...{ stepCalls: noTotals, stepStable: noTotals, looks: 0, lookedAtMs: atMs, evidence: noEvidence() },
    ...{ era: 0, builds: {}, consumed: {}, degraded: {}, waived: [], audit: [] },
    revision: before?.revision ?? 0,
    weights: weightsOf(model),
    ...(base !== undefined && { base }),
    previous: before === undefined ? [] : [...before.previous, before.id].slice(-previousKept),
  };
  return audited(record, { atMs, by, act: 'start', reason });
}

/** The version to be tried, and the one it is compared with. @throws GatewayError when there is none, or another is tried */
function mayBegin(
  model: Model,
  before: CanaryRecord | undefined,
  base: CanaryRecord['base'],
  version: string,
): { readonly canary: Version; readonly stable: string } {
  const canary = model.versions.find(({ name }) => name === version);
  if (canary === undefined) {
    const names = model.versions.map(({ name }) => name).join(', ');
    throw new GatewayError('not-found', `${model.name} has no version ${version}: it has ${names}.`);
  }
  if (before !== undefined && isRunning(before.state))
    throw new GatewayError('conflict', `${before.canary} is on trial already (${before.state}): abort it first.`);
  const out = before && shutOut(before, weightsOf(model));
  const outWeight = model.versions.find(({ name }) => name === out)?.weight ?? 0;
  if (outWeight > 0 && out !== version)
    throw new GatewayError(
      'conflict',
      `${out} ended its canary, and would get calls by its weight again: set it to 0.`,
    );
  const stable = base?.version ?? stableVersion(model, version);
  if (stable === version) throw new GatewayError('conflict', `${version} is in charge of ${model.name} already.`);
  if (stable === undefined)
    throw new GatewayError(
      'conflict',
      `${version} is the only version of ${model.name} with calls: nothing to compare.`,
    );
  if (base === undefined && canary.weight > 0)
    throw new GatewayError(
      'conflict',
      `${version} gets calls by its weight of ${canary.weight}, and would get them after a rollback too: set it to 0.`,
    );
  return { canary, stable };
}

function mustHaveCooled(before: CanaryRecord | undefined, plan: Plan, { version, atMs }: Beginning): void {
  const cooledMs = atMs - (before?.stateSinceMs ?? 0);
  if (before?.state !== 'rolled-back' || before.canary !== version || cooledMs >= plan.cooldownMs) return;
  const leftS = Math.ceil((plan.cooldownMs - cooledMs) / 1000);
  throw new GatewayError(
    'conflict',
    `${version} was rolled back lately: wait ${leftS} s, or start it with a cooldown of 0.`,
  );
}

function baseOf(model: Model, before: CanaryRecord | undefined): CanaryRecord['base'] {
  const version = promotedOf(model, before);
  return version === undefined ? undefined : { version, weights: weightsOf(model) };
}

function planOrRefuse<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof PlanError) throw new GatewayError('invalid-request', error.message);
    throw error;
  }
}

/** The id of the canary that a config block starts: the same for the same text, on every replica. */
export function configuredId(model: string, { version, ...plan }: CanaryOptions): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([model, version, plan]))
    .digest('hex');
  return `${version}-config-${digest.slice(0, 8)}`;
}
