/** Partitions whose host names do not end in `amazonaws.com` (AWS SDK `partitions.json`). */
const dnsSuffixes = [
  ['cn-', 'amazonaws.com.cn'],
  ['us-isob-', 'sc2s.sgov.gov'],
  ['us-iso-', 'c2s.ic.gov'],
] as const;

/** Geographies of two words: their rules on residency are not those of `us`. */
const longGeographies = ['us-gov', 'us-isob', 'us-iso'];

/** The residency class of a region that states none: the geography in its name, `eu` of `eu-west-1`. */
export function geographyOf(region: string): string {
  const long = longGeographies.find(name => region.startsWith(`${name}-`));
  return long ?? region.slice(0, region.indexOf('-'));
}

function dnsSuffixOf(region: string): string {
  return dnsSuffixes.find(([prefix]) => region.startsWith(prefix))?.[1] ?? 'amazonaws.com';
}

/** Public endpoint of SageMaker Runtime in a region. */
export function sagemakerRuntimeUrlOf(region: string): string {
  return `https://runtime.sagemaker.${region}.${dnsSuffixOf(region)}`;
}

/** Public endpoint of Bedrock Runtime in a region. */
export function bedrockRuntimeUrlOf(region: string): string {
  return `https://bedrock-runtime.${region}.${dnsSuffixOf(region)}`;
}

/** Public endpoint of SageMaker's control plane in a region. */
export function sagemakerUrlOf(region: string): string {
  return `https://api.sagemaker.${region}.${dnsSuffixOf(region)}`;
}

/** Public endpoint of EventBridge in a region. */
export function eventBridgeUrlOf(region: string): string {
  return `https://events.${region}.${dnsSuffixOf(region)}`;
}

/** Public endpoint of SNS in a region. */
export function snsUrlOf(region: string): string {
  return `https://sns.${region}.${dnsSuffixOf(region)}`;
}

/** Public regional endpoint of S3. */
export function s3UrlOf(region: string): string {
  return `https://s3.${region}.${dnsSuffixOf(region)}`;
}

/** Public regional endpoint of STS; the global one is a single point of failure and is never used. */
export function stsUrlOf(region: string): string {
  return `https://sts.${region}.${dnsSuffixOf(region)}`;
}
