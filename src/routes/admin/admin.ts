import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import { GatewayError } from '../../core/errors.ts';
import { operations } from '../../core/operation.ts';
import type { AdminActor, AdminCall, AdminRole } from '../../security/admin-access.ts';
import { checkOneHost } from '../one-host.ts';
import { renderPlainError } from '../v1.ts';
import { type CanaryRoutePorts, canaryRoutes } from './canary.ts';
import { type DataPorts, dataRoutes } from './data.ts';
import { type EpisodePorts, episodeRoutes } from './episodes.ts';
import { type HookPorts, hookRoutes } from './hooks.ts';
import { type KeyPorts, keyRoutes } from './keys.ts';
import { schemaWords } from './schema-words.ts';
import { type VersionPorts, versionRoutes } from './versions.ts';

/** What `GET /admin/explain` may be asked: the hints a caller could send, and whose key it is (by its id). */
export const ExplainQuery = Type.Object(
  {
    model: Type.String({ minLength: 1 }),
    region: Type.Optional(Type.String({ pattern: '^!?([a-z]{2}(-[a-z]+)+-[0-9]|x-[a-z0-9-]{1,32})$' })),
    residency: Type.Optional(Type.String({ pattern: '^[a-z0-9-]{1,32}$' })),
    prefer: Type.Optional(Type.Enum(['latency', 'cost', 'balanced'])),
    bytes: Type.Optional(Type.String({ pattern: '^[0-9]{1,12}$' })),
    targetModel: Type.Optional(Type.String({ maxLength: 1024 })),
    variant: Type.Optional(Type.String({ maxLength: 63 })),
    component: Type.Optional(Type.String({ maxLength: 63 })),
    key: Type.Optional(Type.String({ maxLength: 64 })),
    stream: Type.Optional(Type.Enum(['true', 'false'])),
    operation: Type.Optional(Type.Enum(operations)),
  },
  { additionalProperties: false },
);
export type ExplainQuery = Static<typeof ExplainQuery>;

/** A region, or one target of a model by its public name. */
export const DrainBody = Type.Union([
  Type.Object(
    { region: Type.String({ minLength: 1 }), reason: Type.Optional(Type.String({ maxLength: 500 })) },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      model: Type.String({ minLength: 1 }),
      target: Type.String({ minLength: 1 }),
      reason: Type.Optional(Type.String({ maxLength: 500 })),
    },
    { additionalProperties: false },
  ),
]);
export type DrainBody = Static<typeof DrainBody>;

/** A model, or one version of it. */
export const PurgeBody = Type.Object(
  { model: Type.String({ minLength: 1 }), version: Type.Optional(Type.String({ minLength: 1 })) },
  { additionalProperties: false },
);
export type PurgeBody = Static<typeof PurgeBody>;

/** What the operator's side shows and does. Every answer is plain JSON; unknown names throw `not-found`. */
export interface AdminPorts extends KeyPorts, CanaryRoutePorts, DataPorts, EpisodePorts, HookPorts, VersionPorts {
  access(call: AdminCall): AdminActor;
  metrics(): Promise<{ contentType: string; text: string }>;
  targets(): unknown;
  regions(): unknown;
  explain(query: ExplainQuery): unknown;
  config(): unknown;
  costs(): unknown;
  /** What is mirrored, and how far it agrees. */
  shadow(): unknown;
  drain(what: DrainBody, actor: string): Promise<unknown>;
  undrain(what: DrainBody, actor: string): Promise<unknown>;
  purge(what: PurgeBody, actor: string): Promise<unknown>;
}

/**
 * The admin plane. `/metrics` is open to scrapers; all else is judged by `access`, acts needing the role operator.
 * `onFault` hears of what no catalogue error explains, with the request id of the answer.
 */
export function adminRoutes(
  server: FastifyInstance,
  ports: AdminPorts,
  onFault: (error: unknown, requestId: string) => void = () => {},
): void {
  const judgeFully = (request: FastifyRequest, role: AdminRole): AdminActor => {
    checkOneHost(request.raw);
    return ports.access({
      host: request.headers.host,
      origin: request.headers.origin,
      authorization: request.headers.authorization,
      remoteAddress: request.raw.socket.remoteAddress,
      role,
      act: request.routeOptions.url?.slice('/admin/'.length).replace('/', ' ') ?? request.method,
    });
  };
  const judge = (request: FastifyRequest, role: AdminRole): string => judgeFully(request, role).actor;
  server.setSchemaErrorFormatter((complaints, context) => new Error(schemaWords(complaints, context)));
  server.setErrorHandler((thrown, request, reply) => {
    const error = thrown instanceof GatewayError ? thrown : fromFastify(thrown);
    if (error.code === 'internal') onFault(thrown, request.id);
    const { headers, body } = renderPlainError(error, request.id);
    return reply.code(error.status).headers(headers).send(body);
  });

  server.get('/metrics', async (_, reply) => {
    const { contentType, text } = await ports.metrics();
    return reply.header('content-type', contentType).send(text);
  });
  const { targets, regions, config, costs, shadow } = ports;
  const views = { targets, regions, config, costs, shadow } as const;
  for (const [name, view] of Object.entries(views)) {
    server.get(`/admin/${name}`, async request => {
      judge(request, 'viewer');
      return view();
    });
  }
  server.get('/admin/explain', { schema: { querystring: ExplainQuery } }, async request => {
    judge(request, 'viewer');
    return ports.explain(request.query as ExplainQuery);
  });
  server.post('/admin/drain', { schema: { body: DrainBody } }, async request =>
    ports.drain(request.body as DrainBody, judge(request, 'operator')),
  );
  server.post('/admin/undrain', { schema: { body: DrainBody } }, async request =>
    ports.undrain(request.body as DrainBody, judge(request, 'operator')),
  );
  server.post('/admin/purge', { schema: { body: PurgeBody } }, async request =>
    ports.purge(request.body as PurgeBody, judge(request, 'operator')),
  );
  keyRoutes(server, ports, judge);
  canaryRoutes(server, ports, judgeFully);
  episodeRoutes(server, ports, judgeFully);
  versionRoutes(server, ports, judgeFully);
  hookRoutes(server, ports);
  dataRoutes(server, ports, judge);
}

/** Fastify's own errors (bad JSON, schema) are invalid requests; anything else stays hidden. */
function fromFastify(thrown: unknown): GatewayError {
  if (
    thrown instanceof Error &&
    'statusCode' in thrown &&
    typeof thrown.statusCode === 'number' &&
    thrown.statusCode < 500
  ) {
    const words = thrown.statusCode === 415 ? 'Say what the body is: content-type: application/json.' : thrown.message;
    return new GatewayError('invalid-request', words, { status: thrown.statusCode });
  }
  return new GatewayError('internal', 'The gateway failed on this call: see its log.');
}
