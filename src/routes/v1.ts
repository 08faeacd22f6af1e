import type { FastifyInstance } from 'fastify';
import type { GatewayError } from '../core/errors.ts';
import { type InvokePorts, invokeHandler } from './invoke.ts';

/** `POST /v1/models/{model}/invocations`: InvokeEndpoint's semantics for plain HTTP clients. */
export function v1Routes(server: FastifyInstance, ports: InvokePorts): void {
  server.post('/v1/models/:model/invocations', invokeHandler(ports, 'v1', renderPlainError));
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
