import { TransformPlaneError, type TransformState } from '../../backends/transform-plane.ts';
import type { JobsOptions } from '../options.ts';
import type { Batch, BatchAttempt } from './batch.ts';
import { amendBatch, changeBatch, withAttempt } from './change.ts';
import { ended, settlingMs, stopAttempt } from './follow-batch.ts';
import type { BatchPorts } from './ports.ts';

/**
 * Sees to it that nothing runs, and is paid for, that nobody waits for: a region that did not answer may have created a
 * transform all the same. One that runs while the batch still waits is taken instead: stopped, it would hold the name
 * under which its region is asked again. What a region does not tell for as long as batches are kept is given up.
 */
export async function stopAbandoned(ports: BatchPorts, batch: Batch, options: JobsOptions): Promise<Batch> {
  let latest = batch;
  for (const attempt of batch.attempts) {
    if (attempt.stage !== 'abandoned') continue;
    const next = await nextOf(ports, latest, attempt, options);
    if (next === undefined) continue;
    const attempts = withAttempt(latest, next);
    latest =
      next.stage === 'created'
        ? await changeBatch(ports, latest, 'created', { attempts })
        : await amendBatch(ports, latest, { attempts });
  }
  return latest;
}

/** Undefined while it has to be looked at again. */
async function nextOf(
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
  if (found.status === 'InProgress' && batch.state === 'queued') {
    const { failure: _, ...taken } = attempt;
    return { ...taken, stage: 'created' };
  }
  if (found.status === 'InProgress') await stopAttempt(ports, batch, attempt);
  return found.status === 'InProgress' || found.status === 'Stopping' ? undefined : ended(ports, attempt, found);
}
