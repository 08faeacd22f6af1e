import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import type { AdminRole } from '../../security/admin-access.ts';
import type { Actor } from './canary.ts';

/** Which version of which model. */
export const RemoveVersionBody = Type.Object(
  { model: Type.String({ minLength: 1 }), version: Type.String({ minLength: 1 }) },
  { additionalProperties: false },
);
export type RemoveVersionBody = Static<typeof RemoveVersionBody>;

/** What operators see and do of versions that came by themselves. */
export interface VersionPorts {
  newVersions(): unknown;
  removeVersion(what: RemoveVersionBody, who: Actor): Promise<unknown>;
}

/** `/admin/versions`. `judge` returns who acts, or throws. */
export function versionRoutes(
  server: FastifyInstance,
  ports: VersionPorts,
  judge: (request: FastifyRequest, role: AdminRole) => Actor,
): void {
  server.get('/admin/versions', async request => {
    judge(request, 'viewer');
    return ports.newVersions();
  });
  server.post('/admin/versions/remove', { schema: { body: RemoveVersionBody } }, async request =>
    ports.removeVersion(request.body as RemoveVersionBody, judge(request, 'operator')),
  );
}
