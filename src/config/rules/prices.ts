import type { TargetOptions } from '../../backends/options.ts';
import type { Path } from '../findings.ts';
import type { Inspection, Rule } from '../inspection.ts';
import { didYouMean } from '../nearest.ts';
import { priceOf } from '../prices.ts';

type PriceNumber = keyof NonNullable<TargetOptions['price']>;

const byInstance: { readonly numbers: readonly PriceNumber[]; readonly mend: string } = {
  numbers: ['instance', 'count', 'usdPerHour', 'dataUsdPerGb'],
  mend: 'instances are priced by usdPerHour',
};

const byTokens: readonly PriceNumber[] = [
  'inputUsdPerMillion',
  'outputUsdPerMillion',
  'cacheReadUsdPerMillion',
  'cacheWriteUsdPerMillion',
];

/** The numbers that make up the price of each kind. */
const priced: Readonly<Record<TargetOptions['kind'], typeof byInstance>> = {
  'sagemaker-realtime': byInstance,
  'sagemaker-multi-model': byInstance,
  'sagemaker-async': byInstance,
  'sagemaker-serverless': {
    numbers: ['usdPerGbSecond', 'dataUsdPerGb'],
    mend: 'serverless is priced by usdPerGbSecond',
  },
  bedrock: {
    numbers: byTokens,
    mend: 'Bedrock is priced by inputUsdPerMillion and outputUsdPerMillion',
  },
  http: {
    numbers: [...byTokens, 'usdPerHour', 'count', 'dataUsdPerGb'],
    mend: 'write inputUsdPerMillion and outputUsdPerMillion, or usdPerHour',
  },
};

/** Each target's price is of its kind and on the list, or said to be unknown. */
export const pricesFitTheirKind: Rule = inspection => {
  for (const { path, target } of inspection.targets()) {
    if (!inspection.sound([...path, 'kind']) || target.price === undefined) continue;
    const { numbers, mend } = priced[target.kind];
    for (const key of Object.keys(target.price) as (keyof typeof target.price)[]) {
      if (target.price[key] === undefined || numbers.includes(key)) continue;
      inspection.error([...path, 'price', key], `a ${target.kind} target is not priced by it`, mend);
    }
  }
};

/** An unknown price is never zero: cost policies place the target last, and its dollars are not counted. */
export const pricesAreKnown: Rule = inspection => {
  for (const { path, target } of inspection.targets()) {
    if (!inspection.sound(path) || priceOf(target, inspection.prices).basis !== 'unknown') continue;
    tellUnknown(inspection, path, target);
  }
};

function tellUnknown(inspection: Inspection, path: Path, target: TargetOptions): void {
  const { instanceUsdPerHour } = inspection.prices;
  const { instance, usdPerHour } = target.price ?? {};
  const at = [...path, 'price'];
  const last = 'cost policies place it last';
  if (target.kind === 'http') {
    const mend = 'write price.inputUsdPerMillion and price.outputUsdPerMillion, or price.usdPerHour';
    inspection.warning(at, `the price is unknown: ${last}`, mend);
  } else if (target.kind === 'bedrock') {
    if (target.modelId === undefined) return;
    const problem = `${target.modelId} is not in the price list: ${last}`;
    inspection.warning(at, problem, 'write price.inputUsdPerMillion and price.outputUsdPerMillion');
  } else if (target.kind === 'sagemaker-serverless') {
    if (target.memoryMb === undefined) return;
    const problem = `serverless in ${target.region} is not in the price list: ${last}`;
    inspection.warning(at, problem, 'write price.usdPerGbSecond and price.dataUsdPerGb');
  } else if (usdPerHour !== undefined) {
    const problem = `data in ${target.region} is not in the price list: ${last}`;
    inspection.warning(at, problem, 'write price.dataUsdPerGb');
  } else if (instance === undefined) {
    inspection.warning(at, `the price is unknown: ${last}`, 'write price.instance, or price.usdPerHour');
  } else {
    const meant = Object.hasOwn(instanceUsdPerHour, instance)
      ? ''
      : didYouMean(instance, Object.keys(instanceUsdPerHour));
    const problem = `${instance} in ${target.region} is not in the price list: ${last}`;
    inspection.warning([...at, 'instance'], problem, `write price.usdPerHour and price.dataUsdPerGb${meant}`);
  }
}

/** What bytes leaving a region cost is on the list or written down. */
export const egressIsKnown: Rule = inspection => {
  const { egressUsdPerGb } = inspection.prices;
  for (const [region, options] of Object.entries(inspection.config.regions)) {
    const path = ['regions', region];
    if (options?.egressUsdPerGb !== undefined || Object.hasOwn(egressUsdPerGb, region) || !inspection.sound(path))
      continue;
    const problem = `bytes leaving ${region} are not in the price list and count as the dearest listed`;
    inspection.warning([...path, 'egressUsdPerGb'], problem, 'write egressUsdPerGb');
  }
};
