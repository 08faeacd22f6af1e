import { exportRouting } from './deployment-export.ts';
import { type Fields, field, objectAt, Problems, wholeAt } from './deployment-fields.ts';

/** A field that says something a plan does not, and what happens instead. */
export interface Unmapped {
  /** `BlueGreenUpdatePolicy.TerminationWaitInSeconds`, or of a plan `guards`. */
  readonly field: string;
  readonly instead: string;
}

/** The part of a canary's plan that a `DeploymentConfig` says: percent of calls, and how long each step lasts, ms. */
export interface RoutingPlan {
  readonly steps: readonly number[];
  readonly bakeMs: number;
}

/** A step as plans are written: percent of calls, or with what is said for this step alone. */
export type PlanStep = number | { readonly share: number; readonly bakeMs?: number; readonly minSample?: number };

/** A plan to export; what else it holds is reported by name. */
export interface ExportablePlan {
  readonly steps: readonly PlanStep[];
  readonly bakeMs: number;
}

/** SageMaker's `DeploymentConfig`, as far as a plan says it. */
export interface DeploymentConfig {
  readonly BlueGreenUpdatePolicy: { readonly TrafficRoutingConfiguration: Readonly<Record<string, unknown>> };
}

const instead = {
  TerminationWaitInSeconds: 'the gateway terminates no fleet: take the old one down after the promotion',
  MaximumExecutionTimeoutInSeconds: 'a step without a result is held for a person after holdAfterMs, not rolled back',
  RollbackMaximumBatchSize: 'a rollback takes all calls back at once',
  Alarms: 'the canary is compared with stable by its guards, and no alarm of CloudWatch’s is read',
  allAtOnce: 'with all calls on one side nothing is compared: a break rolls it back, and a person promotes it',
  unknown: 'the gateway does not know this field',
} as const;

/**
 * Reads SageMaker's `DeploymentConfig`, alone, within a request to UpdateEndpoint or as DescribeEndpoint answers it, as
 * JSON (SageMaker API Reference, "DeploymentConfig"). Whatever a plan cannot say is in `unmapped`, by name. Throws `DeploymentConfigError` with every
 * mistake found: text that is no such JSON, values that SageMaker refuses, sizes in instances.
 */
export function importDeploymentConfig(text: string): {
  readonly plan: RoutingPlan;
  readonly unmapped: readonly Unmapped[];
} {
  const problems = new Problems();
  const given = problems.parse(text);
  const within = ['DeploymentConfig', 'LastDeploymentConfig'].find(name => given[name] !== undefined);
  const config = within === undefined ? given : objectAt(given, within, problems);
  const unmapped: Unmapped[] = [];
  const known = ['BlueGreenUpdatePolicy', 'RollingUpdatePolicy', 'AutoRollbackConfiguration'];
  const names = Object.keys(config);
  // Another file would otherwise be the plan of an empty one, which shifts all calls at once.
  if (names.length > 0 && !names.some(name => known.includes(name)))
    problems.add('it', 'holds no DeploymentConfig', `none of ${known.join(', ')} is there`);
  reportOthers(config, known, '', unmapped);
  const blueGreen = config['BlueGreenUpdatePolicy'] !== undefined;
  const rolling = config['RollingUpdatePolicy'] !== undefined;
  if (blueGreen && rolling)
    problems.add('RollingUpdatePolicy', 'stands beside BlueGreenUpdatePolicy', 'keep one of the two');
  reportAlarms(objectAt(config, 'AutoRollbackConfiguration', problems), unmapped, problems);
  const plan = rolling
    ? fromRolling(objectAt(config, 'RollingUpdatePolicy', problems), unmapped, problems)
    : fromBlueGreen(objectAt(config, 'BlueGreenUpdatePolicy', problems), blueGreen, unmapped, problems);
  problems.throwAny();
  return { plan, unmapped };
}

/**
 * Says a plan as a `DeploymentConfig`: one step of at most 50 %, or equal ones of 10 to 50 %, in whole percent, and one
 * waiting time of at most an hour. Throws `DeploymentConfigError` where the shifting of traffic cannot be said so; all
 * else that SageMaker cannot say is in `unmapped`.
 */
export function exportDeploymentConfig(plan: ExportablePlan): {
  readonly config: DeploymentConfig;
  readonly unmapped: readonly Unmapped[];
} {
  const problems = new Problems();
  const unmapped: Unmapped[] = Object.keys(plan)
    .filter(name => name !== 'steps' && name !== 'bakeMs')
    .map(name => ({ field: name, instead: 'SageMaker has nothing like it: it judges by CloudWatch alarms alone' }));
  for (const [index, step] of plan.steps.entries())
    if (typeof step === 'object' && step.minSample !== undefined)
      unmapped.push({ field: `steps[${index}].minSample`, instead: 'SageMaker shifts by time alone' });
  const routing = exportRouting(plan, problems);
  problems.throwAny();
  return { config: { BlueGreenUpdatePolicy: { TrafficRoutingConfiguration: routing } }, unmapped };
}

function fromBlueGreen(policy: Fields, present: boolean, unmapped: Unmapped[], problems: Problems): RoutingPlan {
  const at = 'BlueGreenUpdatePolicy';
  const notSaid = ['TerminationWaitInSeconds', 'MaximumExecutionTimeoutInSeconds'] as const;
  reportOthers(policy, ['TrafficRoutingConfiguration', ...notSaid], at, unmapped);
  for (const name of notSaid)
    if (policy[name] !== undefined) unmapped.push({ field: `${at}.${name}`, instead: instead[name] });
  wholeAt(policy, 'TerminationWaitInSeconds', at, [0, 3_600], problems, 0);
  wholeAt(policy, 'MaximumExecutionTimeoutInSeconds', at, [600, 28_800], problems, 600);
  if (!present) return { steps: [100], bakeMs: 0 }; // what SageMaker does without a policy
  return fromRouting(objectAt(policy, 'TrafficRoutingConfiguration', problems, at), problems, unmapped);
}

function fromRouting(routing: Fields, problems: Problems, unmapped: Unmapped[]): RoutingPlan {
  const at = 'BlueGreenUpdatePolicy.TrafficRoutingConfiguration';
  reportOthers(routing, ['Type', 'WaitIntervalInSeconds', 'CanarySize', 'LinearStepSize'], at, unmapped);
  const bakeMs = wholeAt(routing, 'WaitIntervalInSeconds', at, [0, 3_600], problems) * 1_000;
  const size = (name: 'CanarySize' | 'LinearStepSize', range: readonly [number, number]) =>
    percentOf(objectAt(routing, name, problems, at), `${at}.${name}`, range, problems);
  const idle = (name: string) => {
    if (routing[name] !== undefined) problems.add(field(at, name), `has no effect with this Type`, 'leave it out');
  };
  const type = routing['Type'];
  if (type !== 'CANARY') idle('CanarySize');
  if (type !== 'LINEAR') idle('LinearStepSize');
  if (type === 'ALL_AT_ONCE') {
    unmapped.push({ field: `${at}.Type`, instead: instead.allAtOnce });
    return { steps: [100], bakeMs };
  }
  if (type === 'CANARY') return { steps: [size('CanarySize', [1, 50]), 100], bakeMs };
  if (type === 'LINEAR') return { steps: equalSteps(size('LinearStepSize', [10, 50])), bakeMs };
  problems.add(`${at}.Type`, `is ${JSON.stringify(type) ?? 'missing'}`, 'write ALL_AT_ONCE, CANARY or LINEAR');
  return { steps: [100], bakeMs };
}

/** Batches of a rolling update are steps of equal size: as much capacity as is new, so much traffic goes there. */
function fromRolling(policy: Fields, unmapped: Unmapped[], problems: Problems): RoutingPlan {
  const at = 'RollingUpdatePolicy';
  const notSaid = ['MaximumExecutionTimeoutInSeconds', 'RollbackMaximumBatchSize'] as const;
  reportOthers(policy, ['MaximumBatchSize', 'WaitIntervalInSeconds', ...notSaid], at, unmapped);
  for (const name of notSaid)
    if (policy[name] !== undefined) unmapped.push({ field: `${at}.${name}`, instead: instead[name] });
  wholeAt(policy, 'MaximumExecutionTimeoutInSeconds', at, [600, 28_800], problems, 600);
  const batch = objectAt(policy, 'MaximumBatchSize', problems, at);
  const percent = percentOf(batch, `${at}.MaximumBatchSize`, [5, 50], problems);
  return {
    steps: equalSteps(percent),
    bakeMs: wholeAt(policy, 'WaitIntervalInSeconds', at, [0, 3_600], problems) * 1_000,
  };
}

function percentOf(size: Fields, at: string, range: readonly [number, number], problems: Problems): number {
  if (size['Type'] === 'INSTANCE_COUNT') {
    const mend = 'write it as CAPACITY_PERCENT: calls are shifted by share, whatever the number of instances';
    problems.add(`${at}.Type`, 'counts instances, and the gateway does not know the size of the fleet', mend);
    return 100;
  }
  if (size['Type'] !== 'CAPACITY_PERCENT')
    problems.add(`${at}.Type`, `is ${JSON.stringify(size['Type']) ?? 'missing'}`, 'write CAPACITY_PERCENT');
  return wholeAt(size, 'Value', at, range, problems);
}

/** 30 → 30, 60, 90, 100. */
function equalSteps(percent: number): number[] {
  const count = Math.ceil(100 / percent);
  return Array.from({ length: count }, (_, index) => Math.min(100, percent * (index + 1)));
}

function reportOthers(fields: Fields, known: readonly string[], at: string, unmapped: Unmapped[]): void {
  for (const name of Object.keys(fields))
    if (!known.includes(name)) unmapped.push({ field: field(at, name), instead: instead.unknown });
}

function reportAlarms(rollback: Fields, unmapped: Unmapped[], problems: Problems): void {
  const at = 'AutoRollbackConfiguration';
  reportOthers(rollback, ['Alarms'], at, unmapped);
  const alarms: unknown = rollback['Alarms'] ?? [];
  if (!Array.isArray(alarms)) problems.add(`${at}.Alarms`, 'is no list', 'write [{ "AlarmName": … }]');
  else
    for (const [index, alarm] of alarms.entries())
      unmapped.push({ field: `${at}.Alarms[${index}]${alarmName(alarm)}`, instead: instead.Alarms });
}

function alarmName(alarm: unknown): string {
  const name = typeof alarm === 'object' && alarm !== null && 'AlarmName' in alarm ? alarm.AlarmName : undefined;
  return typeof name === 'string' ? ` (${name})` : '';
}
