import Type, { type Static } from 'typebox';
import { ConnectionOptions, CredentialsOptions, RegionOptions, TargetOptions } from '../backends/options.ts';
import { priorities } from '../core/priority.ts';
import { CaptureStoreOptions } from '../drift/capture-options.ts';
import { MonitorOptions } from '../drift/options.ts';
import { CacheOptions, CacheStoreOptions, FallbackOptions } from '../fallback/options.ts';
import { HealthOptions } from '../health/options.ts';
import { RetryBudgetOptions, StreamOptions } from '../inference/options.ts';
import { JobsOptions, TransformOptions } from '../jobs/options.ts';
import { HookOptions, RetrainOptions } from '../retrain/options.ts';
import { BuildWatchOptions, CanaryOptions, ShadowOptions } from '../rollout/options.ts';
import { RoutingOptions } from '../routing/options.ts';
import { AdminOptions, AuthOptions, TenantOptions } from '../security/options.ts';
import { RedisOptions } from '../state/options.ts';
import { LogOptions } from '../telemetry/options.ts';
import { NewVersionOptions } from './new-version-options.ts';
import { TensorOptions } from './tensor-options.ts';

const Name = '^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$';

/** `models.NAME.versions.NAME`. */
export const VersionOptions = Type.Object(
  {
    weight: Type.Number({ minimum: 0, default: 100, description: 'Share among the versions a request can reach.' }),
    targets: Type.Array(TargetOptions, { minItems: 1, description: 'Where this version runs.' }),
    transforms: Type.Array(TransformOptions, { default: [], description: 'Where batches of it can run.' }),
  },
  { additionalProperties: false },
);
export type VersionOptions = Static<typeof VersionOptions>;

/** `models.NAME`. */
export const ModelOptions = Type.Object(
  {
    aliases: Type.Array(Type.String({ pattern: '^[a-zA-Z0-9][a-zA-Z0-9._:/-]*$', maxLength: 2048 }), {
      default: [],
      description: 'Other names callers already use: endpoint names, Bedrock model ids, ARNs.',
    }),
    owner: Type.Optional(Type.String({ description: 'Who to ask about it; shown to operators.' })),
    publicFallback: Type.Boolean({
      default: false,
      description: 'May stand in for another model even for callers not allowed this one.',
    }),
    idempotent: Type.Boolean({ default: true, description: 'Whether running a call twice is harmless.' }),
    priority: Type.Enum([...priorities], {
      default: 'normal',
      description: 'When not every call can be served: sheddable ones are refused first, critical ones last.',
    }),
    slo: Type.Object(
      {
        latencyMs: Type.Number({ exclusiveMinimum: 0, default: 1_000, description: 'p95 of upstream time.' }),
        availability: Type.Number({
          exclusiveMinimum: 0,
          exclusiveMaximum: 1,
          default: 0.999,
          description: 'Share of calls answered well.',
        }),
      },
      { additionalProperties: false, default: {} },
    ),
    deadlineMs: Type.Integer({
      minimum: 10,
      maximum: 900_000,
      default: 10_000,
      description: 'For all attempts of a call together; a caller’s x-meridian-timeout-ms may shorten it.',
    }),
    exhaustedStatus: Type.Union([Type.Literal(503), Type.Literal(530)], {
      default: 503,
      description: 'Answered when every target failed; AWS SDKs retry 503 and do not retry 530.',
    }),
    maxRequestBytes: Type.Integer({
      minimum: 1,
      maximum: 26_214_400,
      default: 25_000_000,
      description: 'Larger bodies are refused with 413; serverless targets take 4,194,304 at most.',
    }),
    maxResponseBytes: Type.Integer({
      minimum: 1,
      maximum: 104_857_600,
      default: 25_000_000,
      description: 'A larger answer counts as a fault of the target.',
    }),
    routing: RoutingOptions,
    hedging: Type.Boolean({
      default: false,
      description: 'After the target’s p95, ask a second one; first answer wins, both are paid.',
    }),
    stream: StreamOptions,
    cache: Type.Optional(CacheOptions),
    fallback: FallbackOptions,
    callerMayName: Type.Object(
      {
        variant: Type.Boolean({ default: false, description: 'X-Amzn-SageMaker-Target-Variant.' }),
        component: Type.Boolean({ default: false, description: 'X-Amzn-SageMaker-Inference-Component.' }),
      },
      { additionalProperties: false, default: {}, description: 'What callers may choose themselves by header.' },
    ),
    tensors: Type.Optional(TensorOptions),
    newVersions: Type.Optional(NewVersionOptions),
    sample: Type.Optional(
      Type.Object(
        {
          contentType: Type.String({ default: 'application/json', description: 'Sent as Content-Type.' }),
          body: Type.String({ description: 'Sent as it is.' }),
        },
        { additionalProperties: false, description: 'A harmless payload; sent as a probe to ejected targets.' },
      ),
    ),
    shadow: ShadowOptions,
    canary: CanaryOptions,
    retrain: Type.Optional(RetrainOptions),
    monitor: Type.Optional(MonitorOptions),
    versions: Type.Record(Type.String({ pattern: Name }), VersionOptions, {
      minProperties: 1,
      additionalProperties: false,
    }),
  },
  { additionalProperties: false },
);
export type ModelOptions = Static<typeof ModelOptions>;

/** The whole config file. The six-line minimum: `auth`, `regions`, one model with one target. */
export const Config = Type.Object(
  {
    schemaVersion: Type.Literal(1, { default: 1, description: 'Of this format.' }),
    listen: Type.Object(
      {
        data: Type.String({
          default: '0.0.0.0:8080',
          pattern: '^.+:[0-9]{1,5}$',
          description: 'For callers: inference, /livez, /readyz.',
        }),
        admin: Type.String({
          default: '127.0.0.1:8081',
          pattern: '^.+:[0-9]{1,5}$',
          description: 'For operators: /metrics, /admin. Beyond loopback it needs `admin.keys`.',
        }),
      },
      { additionalProperties: false, default: {} },
    ),
    stateDir: Type.String({ minLength: 1, default: '.meridian', description: 'What operators changed is kept here.' }),
    replicas: Type.Integer({
      minimum: 1,
      maximum: 10_000,
      default: 1,
      description: 'Fleet-wide limits are divided by this, unless heartbeats in Redis tell the number.',
    }),
    auth: AuthOptions,
    tenants: Type.Record(Type.String({ pattern: '^[A-Za-z0-9_.-]{1,64}$' }), TenantOptions, {
      default: {},
      additionalProperties: false,
    }),
    admin: AdminOptions,
    redis: Type.Optional(RedisOptions),
    credentials: Type.Optional(CredentialsOptions),
    regions: Type.Record(
      Type.String({ pattern: '^([a-z]{2}(-[a-z]+)+-[0-9]|x-[a-z0-9-]{1,32})$' }),
      Type.Union([RegionOptions, Type.Null()]),
      { minProperties: 1, additionalProperties: false },
    ),
    connections: ConnectionOptions,
    limits: Type.Object(
      {
        maxBufferedBytes: Type.Integer({
          minimum: 1_048_576,
          default: 268_435_456,
          description: 'Requests and answers held in memory at once; past it callers get 503.',
        }),
        maxJsonValues: Type.Integer({
          minimum: 1_000,
          maximum: 100_000_000,
          default: 250_000,
          description:
            'In a body that the gateway reads itself (chat, embeddings, infer); past it callers get 413. While it reads one, all others wait: 0.1 s for 250,000. Bodies that pass as they are have no such limit.',
        }),
        bodyTimeoutMs: Type.Integer({
          minimum: 100,
          default: 30_000,
          description: 'A request must have arrived whole by then.',
        }),
        drainMs: Type.Integer({
          minimum: 0,
          default: 5_000,
          description: 'Between failing readiness and closing the listener.',
        }),
        shutdownMs: Type.Integer({
          minimum: 0,
          default: 30_000,
          description: 'For calls in flight to finish after that.',
        }),
      },
      { additionalProperties: false, default: {} },
    ),
    health: HealthOptions,
    retryBudget: RetryBudgetOptions,
    cacheStore: CacheStoreOptions,
    jobs: Type.Optional(JobsOptions),
    buildWatch: Type.Optional(BuildWatchOptions),
    hooks: HookOptions,
    capture: Type.Optional(CaptureStoreOptions),
    log: LogOptions,
    models: Type.Record(Type.String({ pattern: Name }), ModelOptions, {
      minProperties: 1,
      additionalProperties: false,
    }),
  },
  { additionalProperties: false },
);
export type Config = Static<typeof Config>;
