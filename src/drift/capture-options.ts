import Type, { type Static } from 'typebox';

/** `models.NAME.monitor.capture`. */
export const CaptureOptions = Type.Object(
  {
    sampleRate: Type.Number({ minimum: 0, maximum: 1, default: 1, description: 'Of calls.' }),
    options: Type.Enum(['input', 'output', 'both'], { default: 'both', description: 'What of a call is kept.' }),
    features: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        description: 'The only features kept; the payload is written anew without the others. Default: all.',
      }),
    ),
    csvContentTypes: Type.Array(Type.String(), { maxItems: 10, default: ['text/csv'], description: 'Kept as CSV.' }),
    jsonContentTypes: Type.Array(Type.String(), {
      maxItems: 10,
      default: ['application/json', 'application/jsonlines'],
      description: 'Kept as JSON; all others as Base64.',
    }),
    maxBodyBytes: Type.Integer({
      minimum: 1,
      default: 1_048_576,
      description: 'Calls whose request or answer is larger are not kept.',
    }),
  },
  { additionalProperties: false, description: 'Keeps requests and answers, in the form of SageMaker’s data capture.' },
);
export type CaptureOptions = Static<typeof CaptureOptions>;

/** `capture`: where captured records go. */
export const CaptureStoreOptions = Type.Object(
  {
    destinations: Type.Record(
      Type.String({ pattern: '^[a-z0-9-]{1,32}$' }),
      Type.Object(
        {
          directory: Type.Optional(Type.String({ minLength: 1, description: 'On this machine; or `s3`.' })),
          s3: Type.Optional(
            Type.String({
              pattern: '^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/([A-Za-z0-9._-]+/)*$',
              description: 'Bucket and prefix, ending in a slash.',
            }),
          ),
          region: Type.Optional(Type.String({ minLength: 1, description: 'Of the bucket; a key of `regions`.' })),
          encryption: Type.Union(
            [
              Type.Literal('none'),
              Type.Object(
                {
                  encryptionKey: Type.String({
                    minLength: 16,
                    description: 'Of AES-256-GCM; at least 16 characters, best 32 random bytes.',
                  }),
                  formerEncryptionKeys: Type.Array(Type.String({ minLength: 16 }), {
                    default: [],
                    description: 'Keys of older files.',
                  }),
                },
                { additionalProperties: false },
              ),
            ],
            { description: '`none` must be written down.' },
          ),
          retentionDays: Type.Number({
            exclusiveMinimum: 0,
            maximum: 3_650,
            default: 30,
            description: 'Older hours are removed.',
          }),
        },
        { additionalProperties: false },
      ),
      {
        minProperties: 1,
        additionalProperties: false,
        description: 'By residency class: a record goes where the region belongs that served it, or is not kept.',
      },
    ),
    maxQueuedBytes: Type.Integer({
      minimum: 1_024,
      default: 16_777_216,
      description: 'Of records that wait to be written; past it they are dropped, and counted.',
    }),
    maxFileBytes: Type.Integer({
      minimum: 1_024,
      default: 67_108_864,
      description: 'A new file is begun then; and every hour.',
    }),
    flushMs: Type.Integer({
      minimum: 10,
      maximum: 600_000,
      default: 1_000,
      description: 'Between two writes to directories.',
    }),
    objectFlushMs: Type.Integer({
      minimum: 10,
      maximum: 3_600_000,
      default: 60_000,
      description: 'Between two writes to buckets, each an object.',
    }),
  },
  { additionalProperties: false, description: 'Where captured requests and answers are kept.' },
);
export type CaptureStoreOptions = Static<typeof CaptureStoreOptions>;
