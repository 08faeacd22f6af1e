import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import type { AdminRole } from '../../security/admin-access.ts';
import type { Actor } from './canary.ts';

const Id = Type.String({ minLength: 1, maxLength: 64 });
const Reason = Type.String({ minLength: 1, maxLength: 500 });

/** Which episodes: of one model, those that are not over. */
export const EpisodesQuery = Type.Object(
  { model: Type.Optional(Type.String({ minLength: 1 })), open: Type.Optional(Type.Enum(['true', 'false'])) },
  { additionalProperties: false },
);
export type EpisodesQuery = Static<typeof EpisodesQuery>;

/** Which episode. */
export const ApproveBody = Type.Object({ id: Id }, { additionalProperties: false });
export type ApproveBody = Static<typeof ApproveBody>;

/** Which episode, and why. */
export const DismissBody = Type.Object({ id: Id, reason: Type.Optional(Reason) }, { additionalProperties: false });
export type DismissBody = Static<typeof DismissBody>;

/** Which model, of which scope (default `all`), and why. */
export const TriggerBody = Type.Object(
  {
    model: Type.String({ minLength: 1 }),
    scope: Type.Optional(Type.String({ pattern: '^[a-z0-9-]{1,32}$' })),
    reason: Reason,
  },
  { additionalProperties: false },
);
export type TriggerBody = Static<typeof TriggerBody>;

/** What operators see of episodes, and do with them. */
export interface EpisodePorts {
  episodes(query: EpisodesQuery): unknown;
  episode(id: string): unknown;
  approveEpisode(what: ApproveBody, who: Actor): Promise<unknown>;
  dismissEpisode(what: DismissBody, who: Actor): Promise<unknown>;
  triggerEpisode(what: TriggerBody, who: Actor): Promise<unknown>;
}

/** `/admin/episodes`: viewers look, operators act on the models they own. `judge` returns who acts, or throws. */
export function episodeRoutes(
  server: FastifyInstance,
  ports: EpisodePorts,
  judge: (request: FastifyRequest, role: AdminRole) => Actor,
): void {
  server.get('/admin/episodes', { schema: { querystring: EpisodesQuery } }, async request => {
    judge(request, 'viewer');
    return ports.episodes(request.query as EpisodesQuery);
  });
  server.get('/admin/episodes/:id', { schema: { params: Type.Object({ id: Id }) } }, async request => {
    judge(request, 'viewer');
    return ports.episode((request.params as { id: string }).id);
  });
  server.post('/admin/episodes/approve', { schema: { body: ApproveBody } }, async request =>
    ports.approveEpisode(request.body as ApproveBody, judge(request, 'operator')),
  );
  server.post('/admin/episodes/dismiss', { schema: { body: DismissBody } }, async request =>
    ports.dismissEpisode(request.body as DismissBody, judge(request, 'operator')),
  );
  server.post('/admin/episodes/trigger', { schema: { body: TriggerBody } }, async request =>
    ports.triggerEpisode(request.body as TriggerBody, judge(request, 'operator')),
  );
}
