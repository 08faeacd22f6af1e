import type { IncomingMessage } from 'node:http';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import { cameWhole } from './reader.ts';

/**
 * The bytes of a large payload as they arrive, which waits while its reader is busy. Throws `too-large`, `body-timeout`
 * after a pause that is too long, and `client-closed` when the caller goes away.
 */
export async function* payloadOf(
  message: IncomingMessage,
  { clock, maxBytes, idleMs }: { readonly clock: Clock; readonly maxBytes: number; readonly idleMs: number },
): AsyncGenerator<Buffer> {
  if (Number(message.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const chunks = message.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]();
  let bytes = 0;
  for (;;) {
    const next = await within(clock, idleMs, chunks.next());
    if (next.done) break;
    const chunk = next.value as Buffer;
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    yield chunk;
  }
  if (!cameWhole(message)) throw gone();
}

function within<T>(clock: Clock, limitMs: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new GatewayError('body-timeout', 'The payload stopped arriving: send it again, faster.'));
    const cancel = clock.after(limitMs, late);
    work.then(resolve, () => reject(gone())).finally(cancel);
  });
}

function gone(): GatewayError {
  return new GatewayError('client-closed', 'The caller went away before the payload was whole.');
}

function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError(
    'too-large',
    `The payload is larger than the ${maxBytes} bytes a job takes: send less per job.`,
  );
}
