import type { AttemptLimits } from './backend.ts';
import type { Transport } from './transport.ts';
import type { TransportCall, TransportResult } from './transport-call.ts';

/** Posts within what an attempt may take; `timeoutMs` is what is left of its time. Never rejects. */
export async function postWithin(
  transport: Transport,
  { stream, maxResponseBytes, memory, idempotent, signal }: AttemptLimits,
  timeoutMs: number,
  call: Pick<TransportCall, 'poolKey' | 'origin' | 'path' | 'headers' | 'body'>,
): Promise<TransportResult> {
  const sent = await transport.send({
    ...call,
    method: 'POST',
    timeoutMs: Math.min(timeoutMs, stream?.firstByteMs ?? timeoutMs),
    maxResponseBytes,
    memory,
    idempotent,
    signal,
    ...(stream && { streamed: stream }),
  });
  return sent.kind === 'timeout' && stream !== undefined ? { ...sent, code: 'FIRST_BYTE_TIMEOUT' } : sent;
}
