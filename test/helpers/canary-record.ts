import Value from 'typebox/value';
import type { Model, Version } from '../../src/core/model.ts';
import { beginning } from '../../src/rollout/canary/begin.ts';
import type { Counts } from '../../src/rollout/canary/counts.ts';
import type { Look } from '../../src/rollout/canary/look.ts';
import type { PlanChanges } from '../../src/rollout/canary/plan.ts';
import { readCounts } from '../../src/rollout/canary/read-counts.ts';
import type { CanaryRecord } from '../../src/rollout/canary/record.ts';
import { type Decision, decide, reportsOf, withLook } from '../../src/rollout/canary/verdict.ts';
import { CanaryOptions } from '../../src/rollout/options.ts';
import { modelOf, targetOf, versionOf } from './routing-fixtures.ts';

export const canaryRegions = ['us-east-1', 'eu-west-1'] as const;

/** A model with stable v1 and a v2 of weight 0, in both regions. */
export function trialModel(some: Partial<Model> = {}): Model {
  const version = (name: string, weight: number): Version =>
    versionOf(
      canaryRegions.map(region => targetOf({ version: name, region })),
      { name, weight },
    );
  return modelOf([version('v1', 100), version('v2', 0), version('v3', 0)], some);
}

export function canaryOptions(some: Partial<CanaryOptions> = {}): CanaryOptions {
  return Value.Default(CanaryOptions, { ...some }) as CanaryOptions;
}

/** A canary of v2 that has just begun, at time 0. */
export function newCanary(
  changes: PlanChanges = {},
  options: Partial<CanaryOptions> = {},
  model = trialModel(),
): CanaryRecord {
  const begin = { id: 'v2-1', version: 'v2', by: 'alice', reason: 'new build', atMs: 0, changes };
  return beginning(model, canaryOptions(options), undefined, begin);
}

/** Counts of one side in one region, latencies all alike. */
export function calls(
  side: 'canary' | 'stable',
  region: string,
  n: number,
  errors = 0,
  more: { refused?: number; latencyBin?: number } = {},
): Counts {
  const { refused = 0, latencyBin = 30 } = more;
  return {
    [`n/${side}/${region}`]: n,
    [`e/${side}/${region}`]: errors,
    [`f/${side}/${region}`]: refused,
    [`l/${side}/${region}/${latencyBin}`]: n - errors - refused,
  };
}

export interface Shown {
  readonly record: CanaryRecord;
  readonly decision: Decision | undefined;
}

/** One look at these counts, and what it leads to. */
export function show(record: CanaryRecord, atMs: number, counts: Counts, more: Partial<Look> = {}): Shown {
  const look: Look = { atMs, counts: readCounts(counts), runs: [], ill: new Map(), callersOf: [], ...more };
  const looked = withLook(record, look);
  return { record: looked, decision: decide(looked, reportsOf(looked), atMs) };
}
