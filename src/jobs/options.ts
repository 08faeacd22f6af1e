import Type, { type Static } from 'typebox';

const Bucket = '^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$';
const Place = '^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/([A-Za-z0-9._-]+/)*$';

/** `jobs`: without it there are none, and asynchronous calls carry their input with them. */
export const JobsOptions = Type.Object(
  {
    buckets: Type.Record(Type.String({ pattern: '^[a-z]{2}(-[a-z]+)+-[0-9]$' }), Type.String({ pattern: Bucket }), {
      minProperties: 1,
      additionalProperties: false,
      description: 'By region, where inputs and records of jobs are kept; endpoints must be able to read there.',
    }),
    prefix: Type.String({
      pattern: '^([A-Za-z0-9._-]+/)+$',
      default: 'meridian/jobs/',
      description: 'What the gateway’s own keys in the buckets begin with.',
    }),
    inputCopies: Type.Integer({
      minimum: 1,
      maximum: 8,
      default: 2,
      description: 'Regions that hold input and record before a job is accepted; with 1 a job waits for its region.',
    }),
    maxInputBytes: Type.Integer({
      minimum: 1,
      maximum: 1_073_741_824,
      default: 1_073_741_824,
      description: 'Larger payloads are refused with 413.',
    }),
    uploadTimeoutMs: Type.Integer({
      minimum: 100,
      maximum: 86_400_000,
      default: 3_600_000,
      description:
        'A payload must have arrived whole by then; `limits.bodyTimeoutMs` bounds the pauses in between. A change needs a restart.',
    }),
    resubmitAfterMs: Type.Integer({
      minimum: 100,
      maximum: 86_400_000,
      default: 3_600_000,
      description: 'A job without a result by then is submitted again elsewhere.',
    }),
    maxResubmissions: Type.Integer({
      minimum: 0,
      maximum: 10,
      default: 2,
      description: 'How often at most, so that an input that breaks models cannot tour the regions.',
    }),
    pollMs: Type.Integer({
      minimum: 20,
      maximum: 60_000,
      default: 2_000,
      description: 'Between looks for a young job’s result; older jobs are looked at less often.',
    }),
    batchPollMs: Type.Integer({
      minimum: 20,
      maximum: 600_000,
      default: 15_000,
      description: 'Between looks at a batch: SageMaker’s control plane takes few calls a second.',
    }),
    retentionHours: Type.Number({
      exclusiveMinimum: 0,
      maximum: 8_760,
      default: 72,
      description:
        'Finished jobs are removed after that, with their input and output; finished batches, with output of ours.',
    }),
    places: Type.Array(
      Type.Object(
        {
          s3: Type.String({ pattern: Place, description: 'Bucket and prefix, ending in a slash.' }),
          region: Type.String({ minLength: 1, description: 'The bucket’s region, a key of `regions`.' }),
          tenants: Type.Optional(
            Type.Array(Type.String(), { minItems: 1, description: 'Whose inputs may be there. Default: everyone’s.' }),
          ),
        },
        { additionalProperties: false },
      ),
      {
        default: [],
        description: 'Where callers’ InputLocations and endpoints’ outputs may be, beside the jobs’ own buckets.',
      },
    ),
    webhooks: Type.Array(
      Type.Object(
        {
          tenant: Type.Optional(Type.String({ description: 'Whose jobs. Default: all.' })),
          url: Type.String({ pattern: '^https?://[^/?#]+/.*$', description: 'Gets a POST for each job.' }),
          secret: Type.String({ minLength: 16, description: 'Signs what is posted (HMAC-SHA-256).' }),
        },
        { additionalProperties: false },
      ),
      { default: [], description: 'Told when a job ends.' },
    ),
    topics: Type.Array(Type.String({ pattern: '^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$' }), {
      default: [],
      description: 'SNS topics whose notifications are taken at /v1/notifications/sns.',
    }),
  },
  { additionalProperties: false, description: 'Asynchronous jobs; see docs/jobs.md.' },
);
export type JobsOptions = Static<typeof JobsOptions>;

/** `models.NAME.versions.NAME.transforms`: where batches of the version can run. */
export const TransformOptions = Type.Object(
  {
    region: Type.String({ minLength: 1, description: 'A key of `regions` and of `jobs.buckets`.' }),
    modelName: Type.String({
      pattern: '^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$',
      description: 'Of a SageMaker model, not of an endpoint.',
    }),
    instance: Type.String({
      pattern: '^ml\\.[a-z0-9-]+\\.[a-z0-9-]+$',
      description: 'Type of the instances that are started for a batch; looked up in the price table.',
    }),
    count: Type.Integer({ minimum: 1, maximum: 100, default: 1, description: 'How many; each takes whole objects.' }),
    usdPerHour: Type.Optional(Type.Number({ minimum: 0, description: 'Of one instance; overrides the table.' })),
    maxPayloadMb: Type.Integer({ minimum: 1, maximum: 100, default: 6, description: 'Of one call of the container.' }),
    maxConcurrent: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 100, description: 'Calls at once per instance. Default: the container’s.' }),
    ),
  },
  { additionalProperties: false },
);
export type TransformOptions = Static<typeof TransformOptions>;
