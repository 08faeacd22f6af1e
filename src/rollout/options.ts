import Type, { type Static } from 'typebox';

/** `models.NAME.shadow.compare`: when a mirrored answer counts as the same. */
const CompareOptions = Type.Object(
  {
    absolute: Type.Number({
      minimum: 0,
      default: 0.000001,
      description: 'Predictions this far apart are close.',
    }),
    relative: Type.Number({
      minimum: 0,
      maximum: 1,
      default: 0.001,
      description: 'And so are those apart by this share of the primary’s.',
    }),
    threshold: Type.Optional(
      Type.Number({ description: 'Numbers from here on are one label, those below the other: a score’s decision.' }),
    ),
    maxBytes: Type.Integer({
      minimum: 0,
      default: 65_536,
      description: 'Longer answers are compared byte by byte, and not read.',
    }),
  },
  { additionalProperties: false, default: {}, description: 'When a mirrored answer counts as the same.' },
);

/** `models.NAME.shadow`: calls mirrored to another version, whose answers nobody gets. */
export const ShadowOptions = Type.Object(
  {
    version: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'Who gets the copies. Without it nothing is mirrored but what a canary asks for.',
      }),
    ),
    share: Type.Number({ minimum: 0, maximum: 1, default: 0.1, description: 'Of calls that can be mirrored, 0 to 1.' }),
    maxConcurrency: Type.Integer({
      minimum: 1,
      maximum: 1_000,
      default: 4,
      description: 'Mirrored calls under way at once, per replica.',
    }),
    queue: Type.Integer({
      minimum: 0,
      maximum: 10_000,
      default: 100,
      description: 'Copies that wait for one of these; past it they are dropped.',
    }),
    timeoutMs: Type.Integer({
      minimum: 10,
      maximum: 900_000,
      default: 10_000,
      description: 'From the primary’s answer to the shadow’s; at most half of it waiting.',
    }),
    compare: CompareOptions,
  },
  { additionalProperties: false, default: {}, description: 'Calls mirrored to another version, its answers compared.' },
);
export type ShadowOptions = Static<typeof ShadowOptions>;

/** `buildWatch`: without it only events tell of a new build behind an unchanged endpoint name. */
export const BuildWatchOptions = Type.Object(
  {
    everyMs: Type.Integer({
      minimum: 10_000,
      maximum: 86_400_000,
      default: 300_000,
      description: 'Each endpoint is described this often, by every replica (needs `sagemaker:DescribeEndpoint`).',
    }),
  },
  { additionalProperties: false },
);
export type BuildWatchOptions = Static<typeof BuildWatchOptions>;
