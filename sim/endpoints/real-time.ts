import { sleep } from '../clock.ts';
import {
  checkOnlyVariant,
  type Endpoint,
  type Hosting,
  type Invocation,
  onlyVariant,
  predict,
  realTimePayloadBytes,
  refuseFields,
} from './endpoint.ts';
import { createWorkerPool, type WorkerPool } from './worker-pool.ts';

/** A model on always-on instances. */
export interface HostedModel {
  /** Key of the container. */
  readonly container: string;
  /** Median time of a prediction. Default 6. */
  readonly modelMs?: number;
  /** Default 2. */
  readonly instances?: number;
  /** Calls one instance works on at once. Default 8. */
  readonly concurrency?: number;
  /** Calls that may wait for an instance; past it they are throttled. Default 64. */
  readonly queueLimit?: number;
}

export interface RealTimeSpec extends HostedModel {
  readonly kind: 'real-time';
  readonly name: string;
}

export function createRealTime(spec: RealTimeSpec, hosting: Hosting): Endpoint {
  const fleet = createInstances(spec, hosting);
  return {
    name: spec.name,
    maxPayloadBytes: realTimePayloadBytes,
    sessions: true,
    invoke: async invocation => {
      refuseFields(invocation, ['targetModel', 'inferenceComponent', 'targetContainerHostname']);
      checkOnlyVariant(invocation);
      return { output: await fleet.predict(invocation), variant: onlyVariant };
    },
    state: fleet.state,
  };
}

/** Instances × concurrency workers for one model: an endpoint, a variant or a component has one of these. */
export function createInstances(model: HostedModel, hosting: Hosting) {
  const { instances = 2, concurrency = 8, queueLimit = 64, modelMs = 6 } = model;
  const container = hosting.container(model.container);
  const pool: WorkerPool = createWorkerPool(instances * concurrency, queueLimit);
  return {
    predict: (invocation: Invocation) =>
      pool.run(async () => {
        await sleep(hosting.clock, hosting.workMs(modelMs));
        return predict(container, invocation);
      }),
    state: pool.state,
  };
}
