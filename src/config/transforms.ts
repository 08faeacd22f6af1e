import type { Transform } from '../core/transform.ts';
import type { TransformOptions } from '../jobs/options.ts';
import type { PriceTable } from './prices.ts';

/** USD per hour of one instance: the transform's own number before the table's. Undefined when neither knows. */
export function instanceUsdPerHour(
  { instance, region, usdPerHour }: Pick<TransformOptions, 'instance' | 'region' | 'usdPerHour'>,
  table: PriceTable,
): number | undefined {
  const listed = Object.hasOwn(table.instanceUsdPerHour, instance) ? table.instanceUsdPerHour[instance] : undefined;
  return usdPerHour ?? listed?.[region]?.usd;
}

/** A transform with its region's residency and its price. Throws for a region that the config does not have. */
export function resolveTransform(
  options: TransformOptions,
  regions: ReadonlyMap<string, { readonly residency: string }>,
  prices: PriceTable,
): Transform {
  const { region, modelName, instance, count, maxPayloadMb, maxConcurrent } = options;
  const residency = regions.get(region)?.residency;
  if (residency === undefined) throw new Error(`a transform names no region of the config: ${region}`);
  const each = instanceUsdPerHour(options, prices);
  const usdPerHour = each === undefined ? undefined : each * count;
  return { region, residency, modelName, instance, count, usdPerHour, maxPayloadMb, maxConcurrent };
}
