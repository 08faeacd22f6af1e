import type { FastifyInstance } from 'fastify';
import type { GatewayError } from '../core/errors.ts';
import type { Answer } from '../core/result.ts';
import { invokeHandler } from './invoke.ts';
import type { InvokePorts, InvokeProtocol } from './invoke-ports.ts';
import type { StreamEncoding } from './streamed.ts';

const v1: InvokeProtocol = {
  name: 'v1',
  operation: 'invoke',
  error: renderPlainError,
  refusal: renderPlainRefusal,
  streaming: ({ accept }) => (accept !== undefined && /\btext\/event-stream\b/i.test(accept) ? plainStream : undefined),
};

/** What the model writes, as it writes it; how it ended badly is an `error` event (HTML standard, Server-sent events). */
const plainStream: StreamEncoding = {
  acceptHeader: 'accept',
  required: false,
  headers: own => ({ ...own, 'cache-control': 'no-store' }),
  event: ({ payload }) => payload,
  whole: answer => answer,
  failure: (error, { 'content-type': contentType }, requestId) =>
    contentType?.startsWith('text/event-stream')
      ? Buffer.from(`event: error\ndata: ${renderPlainError(error, requestId).body}\n\n`)
      : undefined,
};

/** `POST /v1/models/{model}/invocations`: InvokeEndpoint's semantics for plain HTTP clients. */
export function v1Routes(server: FastifyInstance, ports: InvokePorts): void {
  server.post('/v1/models/:model/invocations', invokeHandler(ports, v1));
}

/** `{"error":{"code","message","requestId"}}`. */
export function renderPlainError(
  error: GatewayError,
  requestId: string,
): { headers: Record<string, string>; body: string } {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (error.retryAfterSeconds !== undefined) headers['retry-after'] = String(error.retryAfterSeconds);
  return { headers, body: JSON.stringify({ error: { code: error.code, message: error.message, requestId } }) };
}

/**
 * A refusal by the model or by SageMaker, under code `model-refused`, with the container's own status and words where
 * there are any. The status stays SageMaker's (424 for a container's).
 */
function renderPlainRefusal(answer: Answer, requestId: string): Answer {
  const error = { code: 'model-refused', requestId, ...answer.refusal };
  return { ...answer, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify({ error })) };
}
