import { TransformPlaneError, type TransformState } from '../../backends/transform-plane.ts';
import type { JobsOptions } from '../options.ts';
import { attemptsRun, type Batch, type BatchAttempt } from './batch.ts';
import { amendBatch, changeBatch, withAttempt } from './change.ts';
import type { BatchPorts, BatchStep } from './ports.ts';
import { progressOf } from './progress.ts';

/** A control plane may not know yet what it created. */
export const settlingMs = 60_000;
/** Reasons that are the region's: another one, or the same later, may do better. The others are about input and model. */
const ofTheRegion = /^(InternalServerError|CapacityError|ResourceLimitExceeded)|InsufficientInstanceCapacity/i;

/** Looks how the transform of a batch goes, and stops it when nobody wants it any more. */
export async function followBatch(ports: BatchPorts, batch: Batch, options: JobsOptions): Promise<BatchStep> {
  const attempt = batch.attempts.findLast(({ stage }) => stage === 'created');
  if (attempt === undefined) return { batch: await changeBatch(ports, batch, 'lost'), againMs: 0 };
  const againMs = options.batchPollMs;
  const found = await askHowItGoes(ports, attempt);
  if (found instanceof TransformPlaneError) {
    const detail = `${attempt.region} does not tell how it goes: ${found.code}`;
    return { batch: batch.detail === detail ? batch : await amendBatch(ports, batch, { detail }), againMs };
  }
  if (found === undefined) {
    if (ports.clock.wallMs() - attempt.askedAtMs < settlingMs) return { batch, againMs };
    const gone = { ...ended(ports, attempt, undefined), failure: 'its transform job is not there any more' };
    return { batch: await lost(ports, batch, gone, options), againMs: 0 };
  }
  if (found.status === 'InProgress' || found.status === 'Stopping') {
    if (batch.state === 'stopping' && found.status === 'InProgress') await stopAttempt(ports, batch, attempt);
    return { batch: await stillRunning(ports, batch, attempt, found), againMs };
  }
  return { batch: await finished(ports, batch, attempt, found, options), againMs: 0 };
}

async function askHowItGoes(
  { plane }: BatchPorts,
  { region, jobName }: BatchAttempt,
): Promise<TransformState | TransformPlaneError | undefined> {
  try {
    return await plane.describe(region, jobName);
  } catch (error) {
    if (error instanceof TransformPlaneError) return error;
    throw error;
  }
}

/** Saves only what is new. */
async function stillRunning(
  ports: BatchPorts,
  batch: Batch,
  attempt: BatchAttempt,
  { startedAtMs }: TransformState,
): Promise<Batch> {
  const progress = await progressOf(ports, batch, attempt.region);
  const isNew =
    batch.detail !== undefined ||
    startedAtMs !== attempt.startedAtMs ||
    progress.outputs !== batch.progress?.outputs ||
    progress.inputs !== batch.progress?.inputs;
  if (!isNew) return batch;
  const attempts = withAttempt(batch, { ...attempt, ...(startedAtMs !== undefined && { startedAtMs }) });
  return amendBatch(ports, batch, { attempts, progress, detail: undefined });
}

async function finished(
  ports: BatchPorts,
  batch: Batch,
  attempt: BatchAttempt,
  found: TransformState,
  options: JobsOptions,
): Promise<Batch> {
  const over = ended(ports, attempt, found);
  if (found.status === 'Stopped') {
    const detail = batch.state === 'stopping' ? 'stopped' : `stopped in ${attempt.region}, by somebody else`;
    return changeBatch(ports, batch, 'stopped', { attempts: withAttempt(batch, over), detail });
  }
  if (found.status === 'Completed') {
    const progress = await progressOf(ports, batch, attempt.region);
    return changeBatch(ports, batch, 'produced', { attempts: withAttempt(batch, over), progress });
  }
  const reason = found.failure ?? 'SageMaker gave no reason';
  const failure = ports.clean(batch, reason);
  if (ofTheRegion.test(reason)) return lost(ports, batch, { ...over, failure }, options);
  return changeBatch(ports, batch, 'refused', {
    attempts: withAttempt(batch, { ...over, failure }),
    detail: failure,
  });
}

function lost(ports: BatchPorts, batch: Batch, attempt: BatchAttempt, options: JobsOptions): Promise<Batch> {
  const attempts = withAttempt(batch, attempt);
  const often = attemptsRun({ attempts }).length > options.maxResubmissions;
  const more = { attempts, ...(attempt.failure !== undefined && { detail: attempt.failure }) };
  return changeBatch(ports, batch, often ? 'exhausted' : 'lost', more);
}

/** The attempt as one that is over, with the times that SageMaker charges. */
export function ended(
  { clock }: Pick<BatchPorts, 'clock'>,
  attempt: BatchAttempt,
  found: TransformState | undefined,
): BatchAttempt {
  const startedAtMs = found?.startedAtMs ?? attempt.startedAtMs;
  const endedAtMs = found?.endedAtMs ?? clock.wallMs();
  return { ...attempt, stage: 'over', endedAtMs, ...(startedAtMs !== undefined && { startedAtMs }) };
}

/** Asks for an end; whether it came is seen at the next look. */
export async function stopAttempt(
  { plane, warn }: Pick<BatchPorts, 'plane' | 'warn'>,
  { id }: Pick<Batch, 'id'>,
  { region, jobName }: BatchAttempt,
): Promise<void> {
  try {
    await plane.stop(region, jobName);
  } catch (error) {
    if (!(error instanceof TransformPlaneError)) throw error;
    warn(`batch ${id}: ${region} did not stop ${jobName}: ${error.code}: ${error.message}`);
  }
}
