interface KindTraits {
  /** As targets' public names have it. */
  readonly short: string;
  /** Largest request body, in bytes. */
  readonly maxRequestBytes: number;
  /** Whether the kind has a streamed operation. */
  readonly streams: boolean;
  /** Whether calls are taken into a queue and answered later, elsewhere: such a kind takes no other calls. */
  readonly queues: boolean;
}

/**
 * The kinds of endpoint, as config and metrics name them. AWS's quota pages say 25 MB and 4 MB; its older 6 MB was
 * 6,291,456 bytes in the service model, so a MB is taken as 1,048,576 bytes. InvokeEndpointWithResponseStream takes no
 * target model. InvokeEndpointAsync takes 128,000 bytes with the call; more comes from S3.
 */
export const kindTraits = {
  'sagemaker-realtime': { short: 'realtime', maxRequestBytes: 26_214_400, streams: true, queues: false },
  'sagemaker-serverless': { short: 'serverless', maxRequestBytes: 4_194_304, streams: true, queues: false },
  'sagemaker-multi-model': { short: 'multi-model', maxRequestBytes: 26_214_400, streams: false, queues: false },
  'sagemaker-async': { short: 'async', maxRequestBytes: 128_000, streams: false, queues: true },
} as const satisfies Record<string, KindTraits>;

/** One of them. */
export type BackendKind = keyof typeof kindTraits;
/** All of them. */
export const backendKinds = Object.keys(kindTraits) as BackendKind[];

/** What a target's time or capacity costs; `unknown` is never treated as zero. All in US dollars. */
export type Price =
  | { readonly basis: 'instance'; readonly usdPerHour: number; readonly count: number; readonly dataUsdPerGb: number }
  | {
      readonly basis: 'serverless';
      readonly usdPerGbSecond: number;
      readonly memoryMb: number;
      readonly dataUsdPerGb: number;
    }
  | { readonly basis: 'unknown' };

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
  /** The residency class of the region, e.g. `eu`. */
  readonly residency: string;
  readonly endpoint: string;
  readonly variant?: string;
  readonly component?: string;
  readonly targetModel?: string;
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
}
