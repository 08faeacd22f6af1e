import type { ChatTemplateName } from './chat-template.ts';
import type { Operation } from './operation.ts';
import type { TensorMapping } from './tensors.ts';

interface KindTraits {
  /** As targets' public names have it. */
  readonly short: string;
  /** Largest request body, in bytes. */
  readonly maxRequestBytes: number;
  /** Whether the kind has a streamed operation. */
  readonly streams: boolean;
  /** What it does without an `api` of its own. */
  readonly operations: readonly Operation[];
  /** Whether a region keeps what it read of a prompt for the session's next call. */
  readonly cachesPrompts: boolean;
  /** Whether calls are taken into a queue and answered later, elsewhere: such a kind takes no other calls. */
  readonly queues: boolean;
}

/** What most kinds have in common. */
const always = { operations: ['invoke'], cachesPrompts: false, queues: false } as const;

/**
 * The kinds of endpoint, as config and metrics name them. AWS's quota pages say 25 MB and 4 MB; its older 6 MB was
 * 6,291,456 bytes in the service model, so a MB is taken as 1,048,576 bytes. InvokeEndpointWithResponseStream takes no
 * target model, InvokeEndpointAsync 128,000 bytes with the call (more comes from S3), InvokeModel 25,000,000 (service
 * model of Bedrock Runtime).
 */
export const kindTraits = {
  'sagemaker-realtime': { ...always, short: 'realtime', maxRequestBytes: 26_214_400, streams: true },
  'sagemaker-serverless': { ...always, short: 'serverless', maxRequestBytes: 4_194_304, streams: true },
  'sagemaker-multi-model': { ...always, short: 'multi-model', maxRequestBytes: 26_214_400, streams: false },
  'sagemaker-async': { ...always, short: 'async', maxRequestBytes: 128_000, streams: false, queues: true },
  bedrock: {
    short: 'bedrock',
    maxRequestBytes: 25_000_000,
    streams: true,
    operations: ['invoke', 'converse', 'count-tokens', 'chat', 'embeddings'],
    cachesPrompts: true,
    queues: false,
  },
  http: { ...always, short: 'http', maxRequestBytes: 26_214_400, streams: true, operations: [] },
} as const satisfies Record<string, KindTraits>;

/** One of them. */
export type BackendKind = keyof typeof kindTraits;
/** All of them. */
export const backendKinds = Object.keys(kindTraits) as BackendKind[];

/**
 * Protocols a target may speak beside its kind's own: OpenAI's chat completions (and, over HTTP, embeddings), the
 * `generate` of Text Generation Inference, the Open Inference Protocol, or bytes posted to one URL.
 */
export const targetApis = ['openai', 'tgi', 'open-inference', 'invocations'] as const;
/** One of them. */
export type TargetApi = (typeof targetApis)[number];

/** How a server that is not AWS's is called. */
export interface HttpServer {
  /** `https://host[:port]`. */
  readonly origin: string;
  /** Path of the protocol's root, without a slash at its end. */
  readonly basePath: string;
  readonly api: TargetApi;
  /** What the model is called there. */
  readonly model: string | undefined;
  /** Sent with every call. */
  readonly auth: { readonly header: string; readonly value: string } | undefined;
}

/** What a target's time or capacity costs; `unknown` is never treated as zero. All in US dollars. */
export type Price =
  | { readonly basis: 'instance'; readonly usdPerHour: number; readonly count: number; readonly dataUsdPerGb: number }
  | {
      readonly basis: 'serverless';
      readonly usdPerGbSecond: number;
      readonly memoryMb: number;
      readonly dataUsdPerGb: number;
    }
  | ({ readonly basis: 'tokens' } & TokenPrices)
  | { readonly basis: 'unknown' };

/** Dollars per million tokens. */
export interface TokenPrices {
  readonly inputUsdPerMillion: number;
  readonly outputUsdPerMillion: number;
  readonly cacheReadUsdPerMillion: number;
  readonly cacheWriteUsdPerMillion: number;
}

/** One place that serves a version: region × kind × endpoint (× variant, component, target model). Immutable. */
export interface Target {
  /** Stable identity (model, version, kind, region, endpoint, variant, component, target model); survives reloads. */
  readonly id: string;
  /** What callers and metrics see: `v1@us-east-1/realtime`; never an upstream endpoint name. Unique within a model. */
  readonly name: string;
  readonly model: string;
  readonly version: string;
  readonly kind: BackendKind;
  readonly region: string;
  /** Residency class of the places it may run in: the region’s, or the geography of a Bedrock inference profile. */
  readonly residency: string;
  /** Of Bedrock: a model id, an inference profile's id or an ARN. */
  readonly endpoint: string;
  readonly variant?: string;
  readonly component?: string;
  readonly targetModel?: string;
  /** What it can be asked for. */
  readonly operations: readonly Operation[];
  /** Of kind `http`. */
  readonly server?: HttpServer;
  /** Of a SageMaker container that is told which model it serves: what it calls it. */
  readonly servedModel?: string;
  /** Of one that continues texts, and takes no messages: how a conversation is written for it. */
  readonly template?: ChatTemplateName;
  /** How its model's own JSON is made of tensors. */
  readonly tensors?: TensorMapping;
  /** Calls in flight at most, from all replicas together; each takes its share (`TargetHealth.slots`). */
  readonly maxConcurrency: number;
  /** Largest request body this target takes, in bytes. */
  readonly maxRequestBytes: number;
  /** Share among targets of the same version under the `weighted` policy. */
  readonly weight: number;
  readonly price: Price;
  /** USD per GB for bytes leaving the region towards the gateway. */
  readonly egressUsdPerGb: number;
  /** Name of the identity (in the resolved config) that signs for this target. */
  readonly identity: string;
  /** Targets of the same group draw on one quota of the account's, so they are throttled together. */
  readonly quotaGroup: string;
}
