import Type, { type Static } from 'typebox';

/** `models.NAME.cache`, seconds. */
export const CacheOptions = Type.Object(
  {
    freshSeconds: Type.Number({ minimum: 0, default: 0, description: 'Answered from cache without a call.' }),
    staleIfErrorSeconds: Type.Number({
      minimum: 0,
      default: 3_600,
      description: 'After that, kept for when no target answers (RFC 5861).',
    }),
    staleWhileRevalidateSeconds: Type.Number({
      minimum: 0,
      default: 0,
      description: 'Answered stale while one call refreshes it (RFC 5861).',
    }),
  },
  { additionalProperties: false },
);
export type CacheOptions = Static<typeof CacheOptions>;

/** `models.NAME.fallback`: the steps, in order. */
export const FallbackOptions = Type.Array(
  Type.Union([
    Type.Literal('stale'),
    Type.Object({ model: Type.String({ minLength: 1 }) }, { additionalProperties: false }),
    Type.Object(
      {
        static: Type.Object(
          { contentType: Type.String({ default: 'application/json' }), body: Type.String() },
          { additionalProperties: false },
        ),
      },
      { additionalProperties: false },
    ),
  ]),
  { default: [], description: 'What stands in when no target answers, in this order.' },
);
export type FallbackOptions = Static<typeof FallbackOptions>;

/** `cacheStore`: bounds of the cache in memory and of waiting for Redis. */
export const CacheStoreOptions = Type.Object(
  {
    maxBytes: Type.Integer({ minimum: 0, default: 67_108_864, description: 'Memory of the in-process cache.' }),
    maxEntryBytes: Type.Integer({ minimum: 0, default: 1_048_576, description: 'Larger answers are not cached.' }),
    redisBudgetMs: Type.Integer({
      minimum: 1,
      maximum: 1_000,
      default: 10,
      description: 'How long a read waits for Redis.',
    }),
    keySecret: Type.Optional(
      Type.String({
        minLength: 16,
        description: 'Keys the HMAC of cached bodies; must be the same on all replicas that share Redis.',
      }),
    ),
  },
  { additionalProperties: false, default: {} },
);
export type CacheStoreOptions = Static<typeof CacheStoreOptions>;
