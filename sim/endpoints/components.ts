import { validationError } from '../aws-error.ts';
import {
  checkOnlyVariant,
  type Endpoint,
  type Hosting,
  onlyVariant,
  realTimePayloadBytes,
  refuseFields,
} from './endpoint.ts';
import { createInstances, type HostedModel } from './real-time.ts';

export interface ComponentsSpec {
  readonly kind: 'components';
  readonly name: string;
  readonly components: readonly (HostedModel & { readonly name: string })[];
}

/** Inference components: several models share an endpoint, and every call must say which it means. */
export function createComponents(spec: ComponentsSpec, hosting: Hosting): Endpoint {
  const components = new Map(spec.components.map(({ name, ...model }) => [name, createInstances(model, hosting)]));
  return {
    name: spec.name,
    maxPayloadBytes: realTimePayloadBytes,
    sessions: true,
    invoke: async invocation => {
      refuseFields(invocation, ['targetModel', 'targetContainerHostname']);
      checkOnlyVariant(invocation);
      const wanted = invocation.fields.inferenceComponent;
      if (wanted === undefined) {
        throw validationError(
          'Inference Component Name header is required for endpoints to which you plan to deploy inference components. Please include Inference Component Name header or consider using SageMaker models.',
        );
      }
      const component = components.get(wanted);
      if (component === undefined)
        throw validationError(`Inference Component ${wanted} of account ${invocation.account} not found.`);
      return { output: await component.predict(invocation), variant: onlyVariant };
    },
    state: () => Object.fromEntries([...components].map(([name, component]) => [name, component.state()])),
  };
}
