import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import type { AdminRole } from '../../security/admin-access.ts';

const dayMs = 86_400_000;
const Name = Type.String({ minLength: 1, maxLength: 64 });
const Reason = Type.Optional(Type.String({ maxLength: 500 }));
const Share = Type.Number({ minimum: 0.1, maximum: 100 });
const Step = Type.Union([
  Share,
  Type.Object(
    {
      share: Share,
      minSample: Type.Optional(Type.Integer({ minimum: 1 })),
      bakeMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 30 * dayMs })),
    },
    { additionalProperties: false },
  ),
]);

/** Which version to try, and how its plan differs from the model's config. */
export const StartCanaryBody = Type.Object(
  {
    model: Name,
    version: Name,
    reason: Reason,
    steps: Type.Optional(Type.Array(Step, { minItems: 1, maxItems: 50 })),
    minSample: Type.Optional(Type.Integer({ minimum: 1 })),
    bakeMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 30 * dayMs })),
    holdAfterMs: Type.Optional(Type.Integer({ minimum: 1_000, maximum: 90 * dayMs })),
    cooldownMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 30 * dayMs })),
    lookEveryMs: Type.Optional(Type.Integer({ minimum: 250, maximum: 3_600_000 })),
    warmUpCalls: Type.Optional(Type.Integer({ minimum: 0, maximum: 100_000 })),
    warmUpMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400_000 })),
    waves: Type.Optional(
      Type.Array(Type.Union([Type.Literal('rest'), Type.Array(Name, { minItems: 1 })]), { maxItems: 20 }),
    ),
    approval: Type.Optional(Type.Enum(['none', 'second-person'])),
    /** `false` leaves out the config's. */
    shadowFirst: Type.Optional(Type.Literal(false)),
  },
  { additionalProperties: false },
);
export type StartCanaryBody = Static<typeof StartCanaryBody>;

/** Whose canary, and why. */
export const CanaryActBody = Type.Object({ model: Name, reason: Reason }, { additionalProperties: false });
export type CanaryActBody = Static<typeof CanaryActBody>;

/** Which models; and of a history, how many lines. */
const CanaryQuery = Type.Object({ model: Type.Optional(Name) }, { additionalProperties: false });
const HistoryQuery = Type.Object(
  {
    model: Name,
    last: Type.Optional(Type.String({ pattern: '^[0-9]{1,5}$' })),
    /** `true`: only what changed it, without the looks in between. */
    acts: Type.Optional(Type.Enum(['true', 'false'])),
  },
  { additionalProperties: false },
);

/** Who acts, and on whose models: undefined means everybody's. */
export interface Actor {
  readonly actor: string;
  readonly owners?: readonly string[];
}

const acts = ['pause', 'resume', 'promote', 'abort', 'approve'] as const;

/** What operators see of canaries, and do with them. */
export interface CanaryRoutePorts {
  canaries(model: string | undefined): unknown;
  canaryHistory(model: string, last: number, actsOnly: boolean): Promise<unknown>;
  startCanary(what: StartCanaryBody, who: Actor): Promise<unknown>;
  actOnCanary(act: (typeof acts)[number], what: CanaryActBody, who: Actor): Promise<unknown>;
}

const usualLines = 100;

/** `/admin/canary`: viewers look, operators act on the models they own. `judge` returns who acts, or throws. */
export function canaryRoutes(
  server: FastifyInstance,
  ports: CanaryRoutePorts,
  judge: (request: FastifyRequest, role: AdminRole) => Actor,
): void {
  server.get('/admin/canary', { schema: { querystring: CanaryQuery } }, async request => {
    judge(request, 'viewer');
    return ports.canaries((request.query as Static<typeof CanaryQuery>).model);
  });
  server.get('/admin/canary/history', { schema: { querystring: HistoryQuery } }, async request => {
    judge(request, 'viewer');
    const { model, last, acts } = request.query as Static<typeof HistoryQuery>;
    return ports.canaryHistory(model, last === undefined ? usualLines : Number(last), acts === 'true');
  });
  server.post('/admin/canary/start', { schema: { body: StartCanaryBody } }, async request =>
    ports.startCanary(request.body as StartCanaryBody, judge(request, 'operator')),
  );
  for (const act of acts) {
    server.post(`/admin/canary/${act}`, { schema: { body: CanaryActBody } }, async request =>
      ports.actOnCanary(act, request.body as CanaryActBody, judge(request, 'operator')),
    );
  }
}
