import { type AsyncHosting, type AsyncSpec, createAsync } from './async.ts';
import { type ComponentsSpec, createComponents } from './components.ts';
import type { Endpoint } from './endpoint.ts';
import { createMultiModel, type MultiModelSpec } from './multi-model.ts';
import { createRealTime, type RealTimeSpec } from './real-time.ts';
import { createServerless, type ServerlessSpec } from './serverless.ts';
import { createVariants, type VariantsSpec } from './variants.ts';

/** Every kind of endpoint: add a file and a line in each list below. */
export type EndpointSpec = RealTimeSpec | ServerlessSpec | MultiModelSpec | VariantsSpec | ComponentsSpec | AsyncSpec;

export function createEndpoint(spec: EndpointSpec, hosting: AsyncHosting): Endpoint {
  switch (spec.kind) {
    case 'real-time':
      return createRealTime(spec, hosting);
    case 'serverless':
      return createServerless(spec, hosting);
    case 'multi-model':
      return createMultiModel(spec, hosting);
    case 'variants':
      return createVariants(spec, hosting);
    case 'async':
      return createAsync(spec, hosting);
    case 'components':
      return createComponents(spec, hosting);
  }
}
