import { TransformPlaneError, type TransformState } from '../../backends/transform-plane.ts';
import type { JobsOptions } from '../options.ts';
import type { Batch, BatchAttempt } from './batch.ts';
import { amendBatch, withAttempt } from './change.ts';
import { ended, settlingMs, stopAttempt } from './follow-batch.ts';
import type { BatchPorts } from './ports.ts';

/**
 * Sees to it that nothing runs, and is paid for, that nobody waits for: a region that did not answer may have created a
 * transform all the same. What a region does not tell for as long as batches are kept is given up.
 */
export async function stopAbandoned(ports: BatchPorts, batch: Batch, options: JobsOptions): Promise<Batch> {
  let latest = batch;
  for (const attempt of batch.attempts) {
    if (attempt.stage !== 'abandoned') continue;
    const over = await overNow(ports, latest, attempt, options);
    if (over !== undefined) latest = await amendBatch(ports, latest, { attempts: withAttempt(latest, over) });
  }
  return latest;
}

/** Undefined while it has to be looked at again. */
async function overNow(
  ports: BatchPorts,
  batch: Batch,
  attempt: BatchAttempt,
  options: JobsOptions,
): Promise<BatchAttempt | undefined> {
  const { region, jobName, askedAtMs } = attempt;
  const ageMs = ports.clock.wallMs() - askedAtMs;
  let found: TransformState | undefined;
  try {
    found = await ports.plane.describe(region, jobName);
  } catch (error) {
    if (!(error instanceof TransformPlaneError)) throw error;
    if (ageMs < options.retentionHours * 3_600_000) return undefined;
    ports.warn(`batch ${batch.id}: nobody knows whether ${jobName} runs in ${region}: look there`);
    return { ...attempt, stage: 'over' };
  }
  if (found === undefined) return ageMs < settlingMs ? undefined : { ...attempt, stage: 'over' };
  if (found.status === 'InProgress') await stopAttempt(ports, batch, attempt);
  return found.status === 'InProgress' || found.status === 'Stopping' ? undefined : ended(ports, attempt, found);
}
