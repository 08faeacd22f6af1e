import type { GuardName } from './alpha.ts';
import { type Evidence, noEvidence, type Totals } from './evidence.ts';
import type { Plan } from './plan.ts';
import { type CanaryState, canaryStates, isRunning } from './states.ts';

/** One line of the audit: who did what, when, and for a look what it saw. */
export interface AuditLine {
  /** Of the record it made. */
  readonly revision: number;
  /** Wall-clock ms. */
  readonly atMs: number;
  /** An operator, `gateway`, `config`, or an episode. */
  readonly by: string;
  /** `start`, `look`, `rebuild`, or a move of the state machine. */
  readonly act: string;
  readonly state: CanaryState;
  readonly share: number;
  readonly reason: string;
  /** Of a look: each guard's statistic and the threshold it condemns at. */
  readonly guards?: Readonly<Record<string, readonly [statistic: number, threshold: number]>>;
}

/** A version that a canary ended with, and the config's weights at that time. */
export interface Promoted {
  readonly version: string;
  readonly weights: string;
}

/** A canary as it is kept: every replica reads it, one at a time writes it, and its revision only grows. */
export interface CanaryRecord {
  readonly format: 1;
  readonly id: string;
  readonly model: string;
  readonly canary: string;
  /** The version with the most weight when it began. */
  readonly stable: string;
  readonly startedBy: string;
  readonly startedAtMs: number;
  readonly plan: Plan;
  readonly state: CanaryState;
  /** Why it is in this state. */
  readonly reason: string;
  readonly wave: number;
  /** Index of the plan's; -1 while it is only shadowed. */
  readonly step: number;
  /** When this step began, the time it was frozen or stopped added. */
  readonly stepSinceMs: number;
  readonly stateSinceMs: number;
  readonly revision: number;
  readonly looks: number;
  readonly lookedAtMs: number;
  /** Calls of the canary that were compared in this step. */
  readonly stepCalls: Totals;
  /** Calls of stable's in the same looks and regions. */
  readonly stepStable: Totals;
  /** Calls of stable's in the last step that had some, once the canary has all calls. */
  readonly control?: Totals;
  /** How often it went back from 100 % to be compared again. */
  readonly verified?: number;
  /** Guards that held it and that a person has let pass. */
  readonly waived: readonly GuardName[];
  /** Number of the last batch taken of each replica's process. */
  readonly consumed: Readonly<Record<string, number>>;
  /** Regions whose calls count for nothing now, and since when. */
  readonly degraded: Readonly<Record<string, number>>;
  readonly evidence: Evidence;
  /** How often its evidence began anew, as another build stood behind a target. */
  readonly era: number;
  /** Wall-clock ms: when it did so last. */
  readonly eraSinceMs?: number;
  /** The build last noticed behind each target, by the target's id. */
  readonly builds: Readonly<Record<string, string>>;
  /** It was held before its shadow stage could be judged: resumed, it is shadowed again. */
  readonly shadowDue?: boolean;
  /** Who wants it promoted, while it waits for a second person. */
  readonly askedBy?: string;
  /** Of the config, see `weightsOf`: when it began; of one that was promoted, rolled back or aborted, then. */
  readonly weights: string;
  /** A version promoted before, which is in charge as long as the config's weights are still those. */
  readonly base?: Promoted;
  /** The last lines; all of them are in the history. */
  readonly audit: readonly AuditLine[];
  /** Canaries of this model before it, the last ones. */
  readonly previous: readonly string[];
}

/** Where a model's canary is kept. */
export function canaryKey(model: string): string {
  return `canary/${model}`;
}

/**
 * Ends a canary on a replica that cannot reach the others. Kept under a key of its own that is only ever added, so that
 * no older view of the record, whatever its stamp, can bring the canary back.
 */
export interface Stop {
  readonly state: 'rolled-back' | 'aborted';
  readonly by: string;
  readonly reason: string;
  readonly atMs: number;
}

/** Where the end of one canary is kept. */
export function stopKey(model: string, id: string): string {
  return `canary-stop/${model}/${id}`;
}

/** The record in `text`; undefined for anything else. */
export function readRecord(text: string | undefined): CanaryRecord | undefined {
  const value = parse(text) as CanaryRecord | undefined;
  return value?.format === 1 && canaryStates.includes(value.state)
    ? { ...value, evidence: readEvidence(value) }
    : undefined;
}

/** What was kept of means before they were compared by strata cannot be gone on with: they begin anew. */
function readEvidence({ evidence }: CanaryRecord): Evidence {
  const { cost, loss } = noEvidence();
  const kept = (means: Partial<Evidence['cost']>) => means.sum !== undefined;
  return {
    ...evidence,
    cost: kept(evidence.cost) ? evidence.cost : cost,
    loss: kept(evidence.loss) ? evidence.loss : loss,
  };
}

/** The end in `text`; undefined for anything else. */
export function readStop(text: string | undefined): Stop | undefined {
  const value = parse(text) as Stop | undefined;
  return value?.state === 'rolled-back' || value?.state === 'aborted' ? value : undefined;
}

function parse(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined; // written by something else: as if there were none
  }
}

/** What its calls are counted under: those of another build are counted apart. */
export function countedAs({ id, era }: Pick<CanaryRecord, 'id' | 'era'>): string {
  return era > 0 ? `${id}.${era}` : id;
}

/** What is in force: an end that was written down alone holds, whatever the record says. */
export function effective(record: CanaryRecord, stop: Stop | undefined): CanaryRecord {
  if (stop === undefined || record.state === stop.state) return record;
  if (!isRunning(record.state) && !(record.state === 'promoted' && stop.state === 'aborted')) return record;
  return { ...record, state: stop.state, reason: stop.reason, stateSinceMs: stop.atMs };
}

/** The promoted version that is in charge now, if the config's weights have not changed since: those would be newer. */
export function inCharge(record: CanaryRecord, weights: string): string | undefined {
  if (record.state === 'promoted' && record.weights === weights) return record.canary;
  return record.base?.weights === weights ? record.base.version : undefined;
}

/**
 * The version that was rolled back or aborted last, as long as the config's weights are still those of then: where they
 * were edited while it was on trial they may give it calls, and its end is newer.
 */
export function shutOut(record: CanaryRecord, weights: string): string | undefined {
  const ended = record.state === 'rolled-back' || record.state === 'aborted';
  return ended && record.weights === weights ? record.canary : undefined;
}

/** Share of calls the canary gets, 0 to 1. */
export function shareOf({ state, plan, step }: Pick<CanaryRecord, 'state' | 'plan' | 'step'>): number {
  if (state === 'promoted') return 1;
  if (!isRunning(state)) return 0;
  return plan.steps[step]?.share ?? 0;
}

/** The last step at which stable has calls too; undefined in a plan that has none. */
export function controlledStep({ steps }: Pick<Plan, 'steps'>): number | undefined {
  const step = steps.findLastIndex(({ share }) => share < 1);
  return step === -1 ? undefined : step;
}

/** Lines kept in the record: of looks, and of all other acts. */
const auditKept = { looks: 20, acts: 10 } as const;

/** The record after one act more: revision and audit go with every change. */
export function audited(
  record: CanaryRecord,
  line: Pick<AuditLine, 'atMs' | 'by' | 'act' | 'reason'> & Pick<Partial<AuditLine>, 'guards'>,
): CanaryRecord {
  const revision = record.revision + 1;
  const full: AuditLine = { revision, state: record.state, share: shareOf(record), ...line };
  return { ...record, revision, audit: lastLines([...record.audit, full]) };
}

function lastLines(lines: readonly AuditLine[]): readonly AuditLine[] {
  const looks = lines.filter(({ act }) => act === 'look').slice(-auditKept.looks);
  const acts = lines.filter(({ act }) => act !== 'look').slice(-auditKept.acts);
  return [...looks, ...acts].sort((a, b) => a.revision - b.revision);
}
