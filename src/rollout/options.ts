import Type, { type Static } from 'typebox';
import { GuardOptions } from './guard-options.ts';

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
  { additionalProperties: false, description: 'Notices new builds behind unchanged endpoint names.' },
);
export type BuildWatchOptions = Static<typeof BuildWatchOptions>;

const regionName = Type.String({ pattern: '^([a-z]{2}(-[a-z]+)+-[0-9]|x-[a-z0-9-]{1,32})$' });
const day = 86_400_000;

/** One step of a canary, with what is written for this step alone. */
const StepOptions = Type.Union([
  Type.Number({ minimum: 0.1, maximum: 100 }),
  Type.Object(
    {
      share: Type.Number({ minimum: 0.1, maximum: 100, description: 'Percent of calls.' }),
      minSample: Type.Optional(Type.Integer({ minimum: 1, description: 'Instead of the plan’s.' })),
      bakeMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 30 * day, description: 'Instead of the plan’s.' })),
    },
    { additionalProperties: false },
  ),
]);

/** What a canary follows unless its start says otherwise. */
const planShape = {
  steps: Type.Array(StepOptions, {
    minItems: 1,
    maxItems: 50,
    default: [1, 5, 25, 50, 100],
    description: 'Percent of calls, ascending; each may be `{ share, minSample, bakeMs }`.',
  }),
  minSample: Type.Integer({
    minimum: 1,
    maximum: 10_000_000,
    default: 200,
    description: 'Calls of the canary in a step before the next.',
  }),
  bakeMs: Type.Integer({ minimum: 0, maximum: 30 * day, default: 600_000, description: 'A step lasts so long.' }),
  holdAfterMs: Type.Integer({
    minimum: 1_000,
    maximum: 90 * day,
    default: day,
    description: 'A step without a result until then is held for a person.',
  }),
  cooldownMs: Type.Integer({
    minimum: 0,
    maximum: 30 * day,
    default: 600_000,
    description: 'After a rollback, the same version is not tried again before that.',
  }),
  lookEveryMs: Type.Integer({
    minimum: 250,
    maximum: 3_600_000,
    default: 5_000,
    description: 'How often the versions are compared. Any number of looks is safe.',
  }),
  warmUpCalls: Type.Integer({
    minimum: 0,
    maximum: 100_000,
    default: 10,
    description: 'The first calls of each canary target that are left out of comparisons, per replica. 0: none are.',
  }),
  warmUpMs: Type.Integer({
    minimum: 0,
    maximum: day,
    default: 10_000,
    description:
      'So are all others for so long after the first. Where there are few calls, warm-up ends after ten times as long.',
  }),
  waves: Type.Array(Type.Union([Type.Literal('rest'), Type.Array(regionName, { minItems: 1 })]), {
    maxItems: 20,
    default: [],
    description: 'Regions that bake one after another, at the first step; `rest`: all others. Default: all at once.',
  }),
  approval: Type.Enum(['none', 'second-person'], {
    default: 'none',
    description: 'Whether promotion needs a person other than the one who started it.',
  }),
  shadowFirst: Type.Optional(
    Type.Object(
      {
        share: Type.Number({ exclusiveMinimum: 0, maximum: 1, default: 0.1, description: 'Of calls, mirrored.' }),
        minSample: Type.Integer({ minimum: 1, default: 100, description: 'Mirrored calls that were compared.' }),
        bakeMs: Type.Integer({
          minimum: 0,
          maximum: 30 * day,
          default: 60_000,
          description: 'The stage lasts so long.',
        }),
        minAgreement: Type.Optional(
          Type.Number({ minimum: 0, maximum: 1, description: 'Share of answers that must agree; else it is held.' }),
        ),
        maxFailures: Type.Number({
          minimum: 0,
          maximum: 1,
          default: 0.05,
          description: 'Share of mirrored calls that may fail; else it is held.',
        }),
      },
      { additionalProperties: false, description: 'Copies of calls first, whose answers nobody gets.' },
    ),
  ),
  guards: GuardOptions,
};

/** `models.NAME.canary`: how a version is tried. */
export const CanaryOptions = Type.Object(
  {
    version: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'Starts its canary, once; another text of this block starts another. Without it operators start.',
      }),
    ),
    ...planShape,
  },
  { additionalProperties: false, default: {}, description: 'How a version is tried on a share of the calls.' },
);
export type CanaryOptions = Static<typeof CanaryOptions>;
