import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import type { AdminRole } from '../../security/admin-access.ts';

/** Whose data is to go: a tenant's, or what belongs to one inference id. */
export const DeleteDataBody = Type.Union([
  Type.Object({ tenant: Type.String({ pattern: '^[A-Za-z0-9_.-]{1,64}$' }) }, { additionalProperties: false }),
  Type.Object({ inferenceId: Type.String({ minLength: 1, maxLength: 64 }) }, { additionalProperties: false }),
]);
export type DeleteDataBody = Static<typeof DeleteDataBody>;

/** What operators do with what the gateway keeps of calls. */
export interface DataPorts {
  /** Resolves to how much was removed, on all replicas. */
  deleteData(what: DeleteDataBody, actor: string): Promise<unknown>;
}

/** `/admin/data/delete`, for operators. `judge` returns who acts, or throws. */
export function dataRoutes(
  server: FastifyInstance,
  ports: DataPorts,
  judge: (request: FastifyRequest, role: AdminRole) => string,
): void {
  server.post('/admin/data/delete', { schema: { body: DeleteDataBody } }, async request =>
    ports.deleteData(request.body as DeleteDataBody, judge(request, 'operator')),
  );
}
