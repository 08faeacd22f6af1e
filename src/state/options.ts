import Type, { type Static } from 'typebox';

/** Redis is optional at all times. A command timeout below the round trip would never connect; keep Redis in-region. */
export const RedisOptions = Type.Object(
  {
    url: Type.Optional(Type.String({ pattern: '^rediss?://' })),
    cluster: Type.Optional(Type.Array(Type.String({ pattern: '^rediss?://' }), { minItems: 1 })),
    keyPrefix: Type.String({ default: 'meridian:' }),
    commandTimeoutMs: Type.Integer({ minimum: 10, maximum: 5_000, default: 100 }),
    connectTimeoutMs: Type.Integer({ minimum: 50, maximum: 10_000, default: 1_000 }),
    socketTimeoutMs: Type.Integer({ minimum: 100, maximum: 30_000, default: 1_000 }),
  },
  { additionalProperties: false },
);
export type RedisOptions = Static<typeof RedisOptions>;
