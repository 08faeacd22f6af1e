import type { FastifyInstance } from 'fastify';
import { GatewayError } from '../core/errors.ts';
import { readBody } from './body.ts';
import type { JobRoutePorts } from './jobs-ports.ts';
import { renderPlainError } from './v1.ts';

/** SNS messages have at most 256 KiB; a few more for what is around them. */
const messageBytes = 300_000;

/** `POST /v1/notifications/sns`: where SNS topics tell of async results. What comes is only a hint to look. */
export function notificationRoutes(server: FastifyInstance, ports: JobRoutePorts): void {
  server.post('/v1/notifications/sns', async (http, reply) => {
    try {
      const limit = { clock: ports.clock, limitMs: ports.limits().idleMs };
      const body = await readBody(http.raw, messageBytes, ports.admission, limit);
      body.release();
      if (!(await ports.notify(parsed(body.bytes))))
        throw new GatewayError('not-allowed', 'No such topic is awaited here: the operator lists them in jobs.topics.');
      return reply.code(204).send();
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      const { headers, body } = renderPlainError(error, http.id);
      return reply.code(error.status).headers(headers).send(body);
    }
  });
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new GatewayError('invalid-request', 'A notification is JSON, as SNS posts it without raw delivery.');
  }
}
