import { takeBatches } from './batches.ts';
import type { GuardReport } from './guards/report.ts';
import type { Look } from './look.ts';
import { isThere } from './missing.ts';
import { moved } from './move.ts';
import { weightsOf } from './plan.ts';
import type { CanaryPorts } from './ports.ts';
import { readCounts } from './read-counts.ts';
import { type AuditLine, audited, type CanaryRecord } from './record.ts';
import { countMirrored, type Trial } from './trial.ts';
import { type Decision, decide, reportsOf, withLook } from './verdict.ts';

/** What a look came to. */
export interface Looked {
  /** To be put in the record's place; undefined when there is nothing new. */
  readonly next: CanaryRecord | undefined;
  readonly decision: Decision | undefined;
  /** The other replicas' counts could not be had: only what is safe may be done. */
  readonly alone: boolean;
}

/** Collects what the replicas counted and judges it. Changes nothing. @param judgedAtMs see `Baking` */
export async function lookAt(
  ports: CanaryPorts,
  record: CanaryRecord,
  trial: Trial,
  judgedAtMs: number,
): Promise<Looked> {
  const atMs = ports.clock.wallMs();
  const batch = batchOf(ports, record, trial);
  const collected = await collect(ports, trial.id, batch);
  const taken = takeBatches(collected ?? [batch], record.consumed);
  const look: Look = {
    atMs,
    counts: readCounts(taken.counts),
    runs: taken.runs,
    callersOf: taken.callersOf,
    ill: illRegions(ports, record),
  };
  const looked = withLook({ ...record, consumed: taken.consumed }, look);
  const reports = reportsOf(looked);
  const model = ports.model(record.model);
  // Without its version it gets no calls: it neither goes on nor ends by what was seen before.
  const decision = model !== undefined && !isThere(model, record) ? undefined : decide(looked, reports, judgedAtMs);
  const mover = { by: 'gateway', atMs, guards: statisticsOf(reports), weights: model && weightsOf(model) };
  const next =
    decision === undefined
      ? audited(looked, { by: mover.by, atMs, guards: mover.guards, act: 'look', reason: '' })
      : moved(looked, decision.move, { ...mover, reason: decision.reason });
  const sameRegions = Object.keys(looked.degraded).join() === Object.keys(record.degraded).join();
  const idle =
    decision === undefined && Object.keys(taken.counts).length === 0 && taken.runs.length === 0 && sameRegions;
  return { next: idle ? undefined : next, decision, alone: collected === undefined || !ports.together() };
}

/**
 * Hands over what this replica counted, for others to look at: the same one may always be the first to look. A quarter
 * of the time between looks is late enough to write little, and early enough for the next look.
 */
export async function handOver(ports: CanaryPorts, record: CanaryRecord, trial: Trial): Promise<void> {
  const now = ports.clock.now();
  if (now - trial.handedAt < record.plan.lookEveryMs / 4) return;
  trial.handedAt = now;
  try {
    await ports.tallies.publish(trial.id, batchOf(ports, record, trial));
  } catch {
    trial.handedAt = Number.NEGATIVE_INFINITY; // at the next tick; its being down is told by `redis-changed`
  }
}

function batchOf({ series }: CanaryPorts, { consumed }: CanaryRecord, trial: Trial): string {
  const { id, batches, observer } = trial;
  countMirrored(trial);
  batches.taken(consumed[`${series}-${id}`]);
  return JSON.stringify(batches.next(observer.counts, observer.runs()));
}

/** Every replica's batch; undefined when the shared place does not answer. */
async function collect({ tallies }: CanaryPorts, id: string, batch: string): Promise<readonly string[] | undefined> {
  try {
    await tallies.publish(id, batch);
    return [...(await tallies.collect(id)).values()];
  } catch {
    return undefined; // its being down is told by `redis-changed`
  }
}

/** Regions of the canary that are ill: emptied by the gateway or an operator, or without a usable target of stable's. */
function illRegions(ports: CanaryPorts, record: CanaryRecord): ReadonlyMap<string, string> {
  const model = ports.model(record.model);
  const ill = new Map<string, string>();
  const away = new Set(['ejected', 'drained', 'evacuated']);
  // A version without calls is never ejected, and says nothing of the region.
  const stable = (model?.versions ?? [])
    .filter(({ name, weight }) => name !== record.canary && (weight > 0 || name === record.stable))
    .flatMap(({ targets }) => targets);
  for (const region of record.plan.waves[record.wave] ?? []) {
    const state = ports.region(region);
    const here = stable.filter(target => target.region === region);
    if (state !== 'serving') ill.set(region, state);
    else if (here.length > 0 && here.every(target => away.has(ports.unusable(target) ?? '')))
      ill.set(region, 'ejected');
  }
  return ill;
}

/** Three digits tell enough, and keep records short. */
function statisticsOf(reports: readonly GuardReport[]): NonNullable<AuditLine['guards']> {
  const told = reports.filter(({ verdict }) => verdict !== 'off' && verdict !== 'no-data');
  return Object.fromEntries(
    told.map(({ guard, statistic, threshold }) => [guard, [short(statistic), short(threshold)] as const]),
  );
}

function short(value: number): number {
  return Number(value.toPrecision(3));
}
