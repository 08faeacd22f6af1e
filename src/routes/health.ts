import type { FastifyInstance } from 'fastify';

/** The replica's own reasons not to take traffic; never an upstream's or Redis's. */
export interface Readiness {
  /** Undefined when ready, else the reason. */
  notReady(): string | undefined;
}

/** `/livez` (the process answers), `/readyz` (send it traffic), `/ping` (SageMaker's name for the latter). */
export function healthRoutes(server: FastifyInstance, readiness: Readiness): void {
  server.get('/livez', async () => ({ live: true }));
  const ready = async (_: unknown, reply: { code(status: number): unknown }) => {
    const reason = readiness.notReady();
    if (reason === undefined) return { ready: true };
    reply.code(503);
    return { ready: false, reason };
  };
  server.get('/readyz', ready);
  server.get('/ping', ready);
}
