import type { JobsOptions } from '../options.ts';
import { tellEnd } from '../tell-end.ts';
import { stopAbandoned } from './abandoned.ts';
import { type Batch, isBatchOver } from './batch.ts';
import { changeBatch } from './change.ts';
import { followBatch } from './follow-batch.ts';
import type { BatchPorts } from './ports.ts';
import { removeBatch } from './remove-batch.ts';
import { submitBatch } from './submit-batch.ts';
import { isBatchWithdrawn, withdrawBatch } from './withdraw-batch.ts';

/** Does what is to be done about a batch next; resolves to when to look again, ms from now. */
export async function workOnBatch(
  ports: BatchPorts,
  known: Batch,
  options: JobsOptions,
): Promise<{ readonly againMs: number }> {
  if (known.removing) return removeBatch(ports, known, options);
  const batch = await stopAbandoned(ports, known, options);
  if (isBatchOver(batch.state)) return batch.told ? { againMs: options.batchPollMs } : tellEnd(ports, batch);
  if (batch.state !== 'stopping' && (await isBatchWithdrawn(ports, batch, options))) {
    await withdrawBatch(ports, batch, options);
    return { againMs: 0 };
  }
  if (batch.state !== 'queued') return followBatch(ports, batch, options);
  if (ports.clock.wallMs() - batch.createdAtMs > options.retentionHours * 3_600_000) {
    const detail = `no region took it within ${options.retentionHours} hours: ${batch.detail ?? 'it was never tried'}`;
    await changeBatch(ports, batch, 'exhausted', { detail });
    return { againMs: 0 };
  }
  return submitBatch(ports, batch, options);
}
