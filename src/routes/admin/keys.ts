import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import type { AdminRole } from '../../security/admin-access.ts';

const longestSeconds = 10 * 366 * 86_400;
const Id = Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' });
const Names = Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { minItems: 1, maxItems: 100 });

/** Who a key is for, what it may do (default: everything the tenant may) and when it ends: at a time or after one. */
export const CreateKeyBody = Type.Object(
  {
    tenant: Type.String({ pattern: '^[A-Za-z0-9_.-]{1,64}$' }),
    models: Type.Optional(Names),
    residency: Type.Optional(Names),
    expiresAt: Type.Optional(Type.String({ pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+Z)?$' })),
    expiresInSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: longestSeconds })),
  },
  { additionalProperties: false },
);
export type CreateKeyBody = Static<typeof CreateKeyBody>;

/** Which key, and how long its secret so far goes on; `finish` ends the older secret instead. */
export const RotateKeyBody = Type.Object(
  {
    id: Id,
    overlapSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: longestSeconds })),
    finish: Type.Optional(Type.Literal(true)),
  },
  { additionalProperties: false },
);
export type RotateKeyBody = Static<typeof RotateKeyBody>;

/** Which key. */
export const RevokeKeyBody = Type.Object({ id: Id }, { additionalProperties: false });
export type RevokeKeyBody = Static<typeof RevokeKeyBody>;

/** What operators do with issued keys. Secrets are in the answers of `createKey` and `rotateKey`, and nowhere else. */
export interface KeyPorts {
  keys(): unknown;
  createKey(what: CreateKeyBody, actor: string): Promise<unknown>;
  rotateKey(what: RotateKeyBody, actor: string): Promise<unknown>;
  revokeKey(what: RevokeKeyBody, actor: string): Promise<unknown>;
}

/** `/admin/keys`: viewers list, operators act. `judge` returns who acts, or throws. */
export function keyRoutes(
  server: FastifyInstance,
  ports: KeyPorts,
  judge: (request: FastifyRequest, role: AdminRole) => string,
): void {
  server.get('/admin/keys', async request => {
    judge(request, 'viewer');
    return ports.keys();
  });
  server.post('/admin/keys/create', { schema: { body: CreateKeyBody } }, async request =>
    ports.createKey(request.body as CreateKeyBody, judge(request, 'operator')),
  );
  server.post('/admin/keys/rotate', { schema: { body: RotateKeyBody } }, async request =>
    ports.rotateKey(request.body as RotateKeyBody, judge(request, 'operator')),
  );
  server.post('/admin/keys/revoke', { schema: { body: RevokeKeyBody } }, async request =>
    ports.revokeKey(request.body as RevokeKeyBody, judge(request, 'operator')),
  );
}
