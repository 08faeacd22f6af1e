import { isAwsRegion } from '../core/residency.ts';
import { regionsOfActions } from '../retrain/options.ts';
import { type Identity, identityName } from './identities.ts';
import { egressOf, type PriceTable } from './prices.ts';
import {
  bedrockRuntimeUrlOf,
  eventBridgeUrlOf,
  geographyOf,
  s3UrlOf,
  sagemakerRuntimeUrlOf,
  sagemakerUrlOf,
  snsUrlOf,
  stsUrlOf,
} from './regions.ts';
import type { Config } from './schema.ts';

/** A region with every default filled in. */
export interface Region {
  readonly name: string;
  /** Residency class, e.g. `eu`. */
  readonly residency: string;
  readonly sagemakerRuntimeUrl: string;
  readonly bedrockRuntimeUrl: string;
  readonly stsUrl: string;
  readonly s3Url: string;
  /** What signs for the region's bucket (in `identities`); undefined where neither jobs nor captures have one. */
  readonly bucketIdentity: string | undefined;
  /** SageMaker's control plane, not its runtime. */
  readonly sagemakerUrl: string;
  readonly eventBridgeUrl: string;
  /** Where SNS has the certificates of what it signs. */
  readonly snsUrl: string;
  /** What signs for the region's control planes (in `identities`); undefined where nothing uses them. */
  readonly controlIdentity: string | undefined;
  /** USD per GB leaving the region. */
  readonly egressUsdPerGb: number;
}

/** A region of the config; what signs for its bucket and control planes goes into `identities`. */
export function resolveRegion(
  name: string,
  config: Config,
  prices: PriceTable,
  identities: Map<string, Identity>,
): Region {
  const options = config.regions[name];
  const captured = Object.values(config.capture?.destinations ?? {}).some(({ s3, region }) => s3 && region === name);
  const hasBucket = captured || (config.jobs !== undefined && Object.hasOwn(config.jobs.buckets, name));
  const credentials = options?.credentials ?? config.credentials ?? 'default';
  const bucketIdentity = hasBucket ? identityName(credentials, name) : undefined;
  const controlIdentity = usesControlPlane(config, name) ? identityName(credentials, name) : undefined;
  for (const identity of [bucketIdentity, controlIdentity])
    if (identity !== undefined) identities.set(identity, { credentials, region: name });
  return {
    name,
    residency: options?.residency ?? geographyOf(name),
    sagemakerRuntimeUrl: options?.endpoints?.sagemakerRuntime ?? sagemakerRuntimeUrlOf(name),
    bedrockRuntimeUrl: options?.endpoints?.bedrockRuntime ?? bedrockRuntimeUrlOf(name),
    stsUrl: options?.endpoints?.sts ?? stsUrlOf(name),
    s3Url: options?.endpoints?.s3 ?? s3UrlOf(name),
    bucketIdentity,
    sagemakerUrl: options?.endpoints?.sagemaker ?? sagemakerUrlOf(name),
    eventBridgeUrl: options?.endpoints?.eventBridge ?? eventBridgeUrlOf(name),
    snsUrl: options?.endpoints?.sns ?? snsUrlOf(name),
    controlIdentity,
    egressUsdPerGb: options?.egressUsdPerGb ?? egressOf(name, prices),
  };
}

/** Whether something of the config asks the region's control planes. */
function usesControlPlane(config: Config, region: string): boolean {
  if (config.buildWatch !== undefined && isAwsRegion(region)) return true;
  return Object.values(config.models).some(
    ({ retrain, versions }) =>
      regionsOfActions(retrain?.actions ?? []).includes(region) ||
      Object.values(versions).some(({ transforms }) => transforms.some(transform => transform.region === region)),
  );
}
