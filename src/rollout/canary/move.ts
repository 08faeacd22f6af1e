import { noRateDifference } from '../../statistics/rate-difference.ts';
import { noTotals } from './evidence.ts';
import { type AuditLine, audited, type CanaryRecord, controlledStep, shareOf } from './record.ts';
import { type CanaryMove, stateAfter } from './states.ts';
import { reportsOf } from './verdict.ts';

/** Who makes a move, when and why. */
export interface Mover {
  readonly by: string;
  readonly reason: string;
  /** Wall-clock ms. */
  readonly atMs: number;
  readonly guards?: AuditLine['guards'];
  /** Of the config in force, see `weightsOf`: those a promotion, or an end, holds for; by default those of the start. */
  readonly weights?: string | undefined;
}

/** The record after a move, with its line in the audit; undefined where the state does not allow it. Pure. */
export function moved(record: CanaryRecord, move: CanaryMove, mover: Mover): CanaryRecord | undefined {
  const state = stateAfter(record.state, move);
  if (state === undefined || (move === 'verify' && shareOf(record) < 1)) return undefined;
  const { by, reason, atMs, guards } = mover;
  const next: CanaryRecord = { ...placed(record, move, mover), state, reason, stateSinceMs: atMs };
  return audited(next, { by, reason, atMs, act: move, ...(guards && { guards }) });
}

function placed(record: CanaryRecord, move: CanaryMove, mover: Mover): CanaryRecord {
  const { by, atMs } = mover;
  const stoppedMs = atMs - record.stateSinceMs;
  switch (move) {
    case 'unveil':
    case 'step':
      return nextPlace(record, atMs);
    case 'verify':
      return toBeVerified(record, atMs);
    case 'thaw':
      return { ...record, stepSinceMs: record.stepSinceMs + stoppedMs };
    case 'resume':
      if (record.step < 0) return nextPlace(record, atMs);
      return {
        ...record,
        stepSinceMs: atMs,
        waived: condemning(record),
      };
    case 'reshadow':
      return { ...record, shadowDue: false };
    case 'promote':
    case 'approve':
    case 'condemn':
    case 'abort':
      return { ...record, weights: mover.weights ?? record.weights };
    case 'ask':
      // Who asks has seen what the guards hold against it: they would hold it again before anybody could approve.
      return { ...record, askedBy: by, waived: [...new Set([...record.waived, ...condemning(record)])] };
    default:
      return record;
  }
}

function condemning(record: CanaryRecord): CanaryRecord['waived'] {
  return reportsOf(record).flatMap(({ guard, verdict }) => (verdict === 'condemns' ? [guard] : []));
}

/** At the first step wave follows wave; then the last one climbs. So a share is never lowered, and a region never lost. */
function nextPlace(record: CanaryRecord, atMs: number): CanaryRecord {
  const { wave, step, plan } = record;
  const widens = step === 0 && wave + 1 < plan.waves.length;
  const place = widens ? { wave: wave + 1, step } : { wave, step: step + 1 };
  const control = shareOf({ ...record, ...place }) === 1 ? record.stepStable : record.control;
  return { ...freshStep(record, atMs), ...place, ...(control && { control }) };
}

/** Nothing is beside a canary that has all calls: at the greatest share that leaves some, both are compared again. */
function toBeVerified(record: CanaryRecord, atMs: number): CanaryRecord {
  const step = controlledStep(record.plan) ?? record.step;
  return { ...freshStep(record, atMs), step, verified: (record.verified ?? 0) + 1 };
}

function freshStep(record: CanaryRecord, atMs: number): CanaryRecord {
  // With another share, calls of both sides would be of other times: what is predicted then may have moved for both.
  const predictions = { ...record.evidence.predictions, canary: {}, stable: {}, judgedAt: 0 };
  const evidence = { ...record.evidence, predictions, stepErrors: noRateDifference };
  return { ...record, evidence, stepSinceMs: atMs, stepCalls: noTotals, stepStable: noTotals };
}
