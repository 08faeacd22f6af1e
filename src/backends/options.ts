import Type, { type Static } from 'typebox';
import { chatTemplateNames } from '../core/chat-template.ts';
import { backendKinds, targetApis } from '../core/target.ts';

/** Where the signature for a region or target comes from. */
export const CredentialsOptions = Type.Union(
  [
    Type.Literal('default', { description: "The AWS SDK's default chain: environment, profile, container, instance." }),
    Type.Object(
      {
        accessKeyId: Type.String({ minLength: 1 }),
        secretAccessKey: Type.String({ minLength: 1 }),
        sessionToken: Type.Optional(Type.String({ minLength: 1 })),
      },
      { additionalProperties: false, description: 'A static key pair.' },
    ),
    Type.Object(
      {
        roleArn: Type.String({ pattern: '^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$' }),
        externalId: Type.Optional(Type.String({ minLength: 2, maxLength: 1224 })),
        sessionName: Type.Optional(Type.String({ pattern: '^[\\w+=,.@-]{2,64}$' })),
        durationSeconds: Type.Optional(Type.Integer({ minimum: 900, maximum: 43_200, description: 'Default 3600.' })),
        webIdentityTokenFile: Type.Optional(
          Type.String({
            minLength: 1,
            description: 'Assume the role with this token instead of the source credentials.',
          }),
        ),
        source: Type.Optional(
          Type.Union([
            Type.Literal('default'),
            Type.Object(
              { accessKeyId: Type.String({ minLength: 1 }), secretAccessKey: Type.String({ minLength: 1 }) },
              { additionalProperties: false },
            ),
          ]),
        ),
      },
      { additionalProperties: false, description: 'A role, assumed at the regional STS, then at another region’s.' },
    ),
  ],
  { description: 'Credentials used to sign upstream calls.' },
);
export type CredentialsOptions = Static<typeof CredentialsOptions>;

/** `regions.NAME`. */
export const RegionOptions = Type.Object(
  {
    residency: Type.Optional(
      Type.String({
        pattern: '^[a-z0-9-]{1,32}$',
        description: 'Residency class. Default: the geography in the region’s name (`eu` of `eu-west-1`).',
      }),
    ),
    credentials: Type.Optional(CredentialsOptions),
    endpoints: Type.Optional(
      Type.Object(
        {
          sagemakerRuntime: Type.Optional(Type.String({ pattern: '^https?://[^/?#]+$' })),
          bedrockRuntime: Type.Optional(Type.String({ pattern: '^https?://[^/?#]+$' })),
          sts: Type.Optional(Type.String({ pattern: '^https?://[^/?#]+$' })),
          s3: Type.Optional(Type.String({ pattern: '^https?://[^/?#]+$' })),
          sagemaker: Type.Optional(Type.String({ pattern: '^https?://[^/?#]+$' })),
          eventBridge: Type.Optional(Type.String({ pattern: '^https?://[^/?#]+$' })),
          sns: Type.Optional(Type.String({ pattern: '^https?://[^/?#]+$' })),
        },
        { additionalProperties: false, description: 'Overrides, for VPC endpoints or the simulator.' },
      ),
    ),
    egressUsdPerGb: Type.Optional(
      Type.Number({ minimum: 0, description: 'Price of a byte leaving the region. Default: the price table.' }),
    ),
  },
  { additionalProperties: false },
);
export type RegionOptions = Static<typeof RegionOptions>;

/** What a target may say of itself. Endpoint, variant, component and target model form its identity. */
export const TargetOptions = Type.Object(
  {
    kind: Type.Enum(backendKinds, { default: 'sagemaker-realtime' }),
    region: Type.String({ minLength: 1, description: 'A key of `regions`.' }),
    endpoint: Type.Optional(
      Type.String({ pattern: '^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$', description: 'Of SageMaker: its name.' }),
    ),
    modelId: Type.Optional(
      Type.String({
        pattern: '^[a-zA-Z0-9][a-zA-Z0-9._:/-]*$',
        maxLength: 2048,
        description:
          'Of Bedrock: a model id, an inference profile’s id, or the ARN of either. Of `http`, and of SageMaker with `api: openai`: what the model is called there.',
      }),
    ),
    url: Type.Optional(
      Type.String({ pattern: '^https?://[^?#]+$', description: 'Of `http`: the root of the server’s protocol.' }),
    ),
    api: Type.Optional(
      Type.Enum(targetApis, {
        description:
          '`openai`: chat completions; of SageMaker, a container that speaks them. `tgi`, of SageMaker: a container that continues `inputs`, which chat completions are translated to. `open-inference`, of `http`: its version 2. `invocations`, of `http`: bytes posted to `url`.',
      }),
    ),
    template: Type.Optional(
      Type.Enum(chatTemplateNames, {
        description: 'Of `tgi`: how the model wants a conversation written as one text.',
      }),
    ),
    auth: Type.Optional(
      Type.Object(
        {
          header: Type.String({ pattern: '^[a-z][a-z0-9-]*$', default: 'authorization', description: 'Its name.' }),
          value: Type.String({ minLength: 1, description: '`Bearer` and a key, say; from the environment or a file.' }),
        },
        { additionalProperties: false, description: 'Of `http`: a header sent with every call.' },
      ),
    ),
    residency: Type.Optional(
      Type.String({
        pattern: '^[a-z0-9-]{1,32}$',
        description:
          'Where the target may run. Default: the geography of a Bedrock inference profile, else the region’s class.',
      }),
    ),
    variant: Type.Optional(Type.String({ pattern: '^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$' })),
    component: Type.Optional(Type.String({ pattern: '^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$' })),
    targetModel: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$',
        maxLength: 1024,
        description: 'Fixed target model; without it the caller’s header names one.',
      }),
    ),
    maxConcurrency: Type.Integer({
      minimum: 1,
      maximum: 100_000,
      default: 64,
      description: 'Calls in flight, fleet-wide.',
    }),
    weight: Type.Number({ minimum: 0, default: 1, description: 'Share under the `weighted` policy.' }),
    memoryMb: Type.Optional(
      Type.Integer({ minimum: 1024, maximum: 6144, multipleOf: 1024, description: 'Serverless only.' }),
    ),
    price: Type.Optional(
      Type.Object(
        {
          instance: Type.Optional(Type.String({ description: 'Instance type, looked up in the price table.' })),
          count: Type.Optional(Type.Integer({ minimum: 1 })),
          usdPerHour: Type.Optional(Type.Number({ minimum: 0, description: 'Of one instance; overrides the table.' })),
          usdPerGbSecond: Type.Optional(Type.Number({ minimum: 0, description: 'Serverless; overrides the table.' })),
          dataUsdPerGb: Type.Optional(Type.Number({ minimum: 0 })),
          inputUsdPerMillion: Type.Optional(Type.Number({ minimum: 0, description: 'Tokens read; Bedrock only.' })),
          outputUsdPerMillion: Type.Optional(Type.Number({ minimum: 0, description: 'Tokens written; Bedrock only.' })),
          cacheReadUsdPerMillion: Type.Optional(
            Type.Number({ minimum: 0, description: 'Tokens read from a prompt cache. Default: as input.' }),
          ),
          cacheWriteUsdPerMillion: Type.Optional(
            Type.Number({ minimum: 0, description: 'Tokens written to a prompt cache. Default: as input.' }),
          ),
        },
        { additionalProperties: false },
      ),
    ),
    credentials: Type.Optional(CredentialsOptions),
  },
  { additionalProperties: false },
);
export type TargetOptions = Static<typeof TargetOptions>;

/** `connections`: sockets and name lookups. */
export const ConnectionOptions = Type.Object(
  {
    connectTimeoutMs: Type.Integer({ minimum: 50, maximum: 10_000, default: 1_000 }),
    keepAliveMs: Type.Integer({
      minimum: 1_000,
      maximum: 600_000,
      default: 50_000,
      description: 'Idle time of a pooled connection.',
    }),
    dns: Type.Object(
      {
        servers: Type.Array(Type.String({ minLength: 1 }), {
          default: [],
          description: 'Resolvers `address[:port]`. Default: the system’s.',
        }),
        ttlMs: Type.Integer({
          minimum: 100,
          maximum: 3_600_000,
          default: 10_000,
          description: 'How long an answer counts as fresh.',
        }),
        timeoutMs: Type.Integer({ minimum: 50, maximum: 10_000, default: 500, description: 'Limit of one lookup.' }),
      },
      {
        additionalProperties: false,
        default: {},
        description: 'Names are cached; the last answer serves when lookups fail.',
      },
    ),
  },
  { additionalProperties: false, default: {} },
);
export type ConnectionOptions = Static<typeof ConnectionOptions>;
