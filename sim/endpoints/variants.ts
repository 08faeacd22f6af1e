import type { Random } from '../random.ts';
import { type Endpoint, type Hosting, realTimePayloadBytes, refuseFields, variantNotFound } from './endpoint.ts';
import { createInstances, type HostedModel } from './real-time.ts';

export interface VariantsSpec {
  readonly kind: 'variants';
  readonly name: string;
  readonly variants: readonly (HostedModel & { readonly name: string; readonly weight: number })[];
}

/** Production variants: traffic is split by weight, unless the caller names one with `TargetVariant`. */
export function createVariants(spec: VariantsSpec, hosting: Hosting): Endpoint {
  const variants = spec.variants.map(({ name, weight, ...model }) => ({
    name,
    weight,
    instances: createInstances(model, hosting),
  }));
  return {
    name: spec.name,
    maxPayloadBytes: realTimePayloadBytes,
    sessions: true,
    invoke: async invocation => {
      refuseFields(invocation, ['targetModel', 'inferenceComponent', 'targetContainerHostname']);
      const wanted = invocation.fields.targetVariant;
      const variant =
        wanted === undefined ? byWeight(variants, hosting.random) : variants.find(({ name }) => name === wanted);
      if (variant === undefined) throw variantNotFound(wanted ?? '', spec.name, invocation.account);
      return { output: await variant.instances.predict(invocation), variant: variant.name };
    },
    state: () => Object.fromEntries(variants.map(({ name, instances }) => [name, instances.state()])),
  };
}

function byWeight<T extends { readonly weight: number }>(variants: readonly T[], random: Random): T | undefined {
  let draw = random() * variants.reduce((sum, { weight }) => sum + weight, 0);
  for (const variant of variants) {
    draw -= variant.weight;
    if (draw < 0) return variant;
  }
  return variants.at(-1);
}
