import Type, { type Static } from 'typebox';
import type { TargetOptions } from '../backends/options.ts';
import { withoutGeography } from '../core/residency.ts';
import type { Price } from '../core/target.ts';

/** One list price, in US dollars of the unit its section names, and the key of the source it was read from. */
const ListPrice = Type.Object(
  { usd: Type.Number({ minimum: 0 }), from: Type.String({ minLength: 1 }) },
  { additionalProperties: false },
);
const byRegion = (description: string) =>
  Type.Record(Type.String({ pattern: '^[a-z]{2}(-[a-z]+)+-[0-9]$' }), ListPrice, {
    additionalProperties: false,
    default: {},
    description,
  });

/** `config/prices.yaml`: list prices that a config may override number by number. */
export const PriceTable = Type.Object(
  {
    sources: Type.Record(
      Type.String({ pattern: '^[a-z0-9-]+$' }),
      Type.Object(
        {
          asOf: Type.String({ pattern: '^[0-9]{4}(-[0-9]{2}){0,2}$' }),
          source: Type.String({ minLength: 1 }),
          estimate: Type.Boolean({ default: false, description: 'Derived from another price, not read anywhere.' }),
        },
        { additionalProperties: false },
      ),
      { additionalProperties: false },
    ),
    instanceUsdPerHour: Type.Record(
      Type.String({ pattern: '^ml\\.[a-z0-9-]+\\.[a-z0-9-]+$' }),
      byRegion('Of one instance.'),
      { additionalProperties: false },
    ),
    serverlessUsdPerGbSecond: byRegion('Per second and GB of the memory size.'),
    tokensUsdPerMillion: Type.Record(
      Type.String({ pattern: '^[a-z0-9-]+\\.[a-z0-9.:-]+$' }),
      Type.Object(
        {
          input: Type.Number({ minimum: 0 }),
          output: Type.Number({ minimum: 0 }),
          cacheRead: Type.Optional(Type.Number({ minimum: 0 })),
          cacheWrite: Type.Optional(Type.Number({ minimum: 0 })),
          from: Type.String({ minLength: 1 }),
        },
        { additionalProperties: false },
      ),
      { additionalProperties: false, default: {}, description: 'By the id of a profile, or of its model.' },
    ),
    dataUsdPerGb: byRegion('Each GB into or out of an endpoint.'),
    egressUsdPerGb: byRegion('Each GB leaving the region for another region.'),
  },
  { additionalProperties: false },
);
export type PriceTable = Static<typeof PriceTable>;

/** A target's price: its own numbers before the table's; `unknown` unless every number it needs is known. */
export function priceOf(target: TargetOptions, table: PriceTable): Price {
  const own = target.price ?? {};
  if (target.kind === 'bedrock') return tokenPriceOf(target, table);
  if (target.kind === 'http') return httpPriceOf(target, table);
  const dataUsdPerGb = own.dataUsdPerGb ?? table.dataUsdPerGb[target.region]?.usd;
  if (dataUsdPerGb === undefined) return { basis: 'unknown' };
  if (target.kind === 'sagemaker-serverless') {
    const usdPerGbSecond = own.usdPerGbSecond ?? table.serverlessUsdPerGbSecond[target.region]?.usd;
    if (usdPerGbSecond === undefined || target.memoryMb === undefined) return { basis: 'unknown' };
    return { basis: 'serverless', usdPerGbSecond, memoryMb: target.memoryMb, dataUsdPerGb };
  }
  const listed = own.instance === undefined ? undefined : table.instanceUsdPerHour[own.instance]?.[target.region]?.usd;
  const usdPerHour = own.usdPerHour ?? listed;
  if (usdPerHour === undefined) return { basis: 'unknown' };
  return { basis: 'instance', usdPerHour, count: own.count ?? 1, dataUsdPerGb };
}

/** By tokens where those are written down, else by the hour. */
function httpPriceOf(target: TargetOptions, table: PriceTable): Price {
  const { inputUsdPerMillion, usdPerHour, count = 1, dataUsdPerGb = 0 } = target.price ?? {};
  if (inputUsdPerMillion !== undefined) return tokenPriceOf(target, table);
  return usdPerHour === undefined ? { basis: 'unknown' } : { basis: 'instance', usdPerHour, count, dataUsdPerGb };
}

function tokenPriceOf({ price: own = {}, modelId = '' }: TargetOptions, table: PriceTable): Price {
  const id = modelId.slice(modelId.lastIndexOf('/') + 1);
  const listed = table.tokensUsdPerMillion[id] ?? table.tokensUsdPerMillion[withoutGeography(id)];
  const inputUsdPerMillion = own.inputUsdPerMillion ?? listed?.input;
  const outputUsdPerMillion = own.outputUsdPerMillion ?? listed?.output;
  if (inputUsdPerMillion === undefined || outputUsdPerMillion === undefined) return { basis: 'unknown' };
  return {
    basis: 'tokens',
    inputUsdPerMillion,
    outputUsdPerMillion,
    cacheReadUsdPerMillion: own.cacheReadUsdPerMillion ?? listed?.cacheRead ?? inputUsdPerMillion,
    cacheWriteUsdPerMillion: own.cacheWriteUsdPerMillion ?? listed?.cacheWrite ?? inputUsdPerMillion,
  };
}

/** USD per GB leaving `region`. Unlisted regions are assumed as dear as the dearest listed one, never free. */
export function egressOf(region: string, table: PriceTable): number {
  const listed = table.egressUsdPerGb[region]?.usd;
  return listed ?? Math.max(0, ...Object.values(table.egressUsdPerGb).map(price => price.usd));
}
