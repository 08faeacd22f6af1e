import type { Clock } from '../clock.ts';
import type { FaultBoard } from '../faults.ts';
import { demoAccount } from '../fleet.ts';
import type { HostedEndpoints } from '../hosted-endpoints.ts';
import type { Containers, ModelContainer } from '../model-port.ts';
import type { Principals } from '../principals.ts';
import { randomStream } from '../random.ts';
import type { ObjectStore } from '../s3/object-store.ts';
import { type ControlPlane, createControlPlane, operationsOf } from './control-plane.ts';
import { createEndpointControl, type EndpointControl } from './endpoint-control.ts';
import { createEventBus, type EventBus, type Subscription } from './event-bus.ts';
import { createModelRegistry } from './model-packages.ts';
import { createPipelines } from './pipelines.ts';
import { rainPipeline } from './rain-pipeline.ts';
import { createTransformJobs } from './transform-jobs.ts';

export interface RegionControlParts {
  readonly region: string;
  readonly clock: Clock;
  readonly seed: number;
  readonly faults: FaultBoard;
  readonly principals: Principals;
  readonly objects: ObjectStore;
  readonly endpoints: HostedEndpoints;
  readonly containers: Containers;
  /** SageMaker models: containers by the name of the model. */
  readonly models: Readonly<Record<string, string>>;
  subscriptions(): readonly Subscription[];
  /** Creates an endpoint in every region. */
  deployEverywhere(endpoint: string, container: ModelContainer): void;
  wallMs(): number;
  workMs(medianMs: number): number;
}

/** The control planes of one region. */
export interface RegionControl {
  readonly plane: ControlPlane;
  readonly endpointControl: EndpointControl;
  readonly events: EventBus;
}

/** SageMaker's control plane and EventBridge of one region, each operation in its own file. */
export function createRegionControl(parts: RegionControlParts): RegionControl {
  const { region, clock, seed, faults, principals, objects, endpoints, wallMs } = parts;
  const account = demoAccount;
  const common = { region, account, clock, faults };
  const events = createEventBus({
    ...common,
    random: randomStream(seed, region, 'events'),
    subscriptions: parts.subscriptions,
  });
  const registry = createModelRegistry({ region, account, events });
  const endpointControl = createEndpointControl({
    ...common,
    events,
    names: [...endpoints.all.keys()],
    rehost: endpoints.rehost,
    workMs: parts.workMs,
  });
  const sagemaker = {
    ...createTransformJobs({ ...parts }),
    ...registry.operations,
    ...endpointControl.operations,
    ...createPipelines({
      ...common,
      random: randomStream(seed, region, 'pipelines'),
      objects,
      events,
      pipelines: [rainPipeline({ registry, deploy: parts.deployEverywhere, wallMs })],
      workMs: parts.workMs,
    }),
  };
  const operations = {
    ...operationsOf('SageMaker', sagemaker),
    ...operationsOf('AWSEvents', { PutEvents: input => events.put(input) }),
  };
  return {
    plane: createControlPlane({ region, principals, faults, wallMs, operations }),
    endpointControl,
    events,
  };
}
