import { type Clock, sleep } from '../clock.ts';
import { ControlError, notFound, textOf } from './control-error.ts';
import type { EventBus } from './event-bus.ts';
import type { Operation } from './operation.ts';

/** An endpoint as its control plane sees it. */
interface HostedEndpoint {
  readonly name: string;
  configName: string;
  readonly createdAtMs: number;
  modifiedAtMs: number;
  /** Rises with each deployment. */
  build: number;
  status: 'InService' | 'Updating';
}

/** The control plane of one region's endpoints. */
export interface EndpointControl {
  readonly operations: Readonly<Record<string, Operation>>;
  /** An endpoint that is there from now on. */
  created(name: string): void;
}

export interface EndpointControlParts {
  readonly region: string;
  readonly account: string;
  readonly clock: Clock;
  readonly events: EventBus;
  readonly names: readonly string[];
  /** Puts another container behind an endpoint; false when none is called so. */
  rehost(endpoint: string, container: string): boolean;
  workMs(medianMs: number): number;
}

/** Median time of an update; AWS takes minutes. */
const updateMs = 500;
const variantName = 'AllTraffic';

/** Starts with these endpoints in service; an endpoint's configuration is named after the container it serves. */
export function createEndpointControl(parts: EndpointControlParts): EndpointControl {
  const { region, account, clock, events } = parts;
  const known = new Map<string, HostedEndpoint>();
  const created = (name: string) => {
    const now = clock.wallMs();
    const fields = { configName: `${name}-config`, createdAtMs: now, modifiedAtMs: now, build: 1 };
    known.set(name, { name, ...fields, status: 'InService' });
  };
  for (const name of parts.names) created(name);
  const arnOf = (name: string) => `arn:aws:sagemaker:${region}:${account}:endpoint/${name}`;
  const find = (input: Readonly<Record<string, unknown>>): HostedEndpoint => {
    const name = textOf(input, 'EndpointName');
    const found = known.get(name);
    if (found === undefined) throw notFound(`Endpoint ${name}`);
    return found;
  };
  const tell = (endpoint: HostedEndpoint) =>
    events.emit({
      source: 'aws.sagemaker',
      detailType: 'SageMaker Endpoint Deployment State Change',
      resources: [arnOf(endpoint.name)],
      detail: { EndpointName: endpoint.name, EndpointArn: arnOf(endpoint.name), EndpointStatus: endpoint.status },
    });
  const update = async (endpoint: HostedEndpoint, configName: string) => {
    endpoint.status = 'Updating';
    tell(endpoint);
    await sleep(clock, parts.workMs(updateMs));
    parts.rehost(endpoint.name, configName);
    Object.assign(endpoint, { configName, build: endpoint.build + 1, modifiedAtMs: clock.wallMs() });
    endpoint.status = 'InService';
    tell(endpoint);
  };
  return {
    created,
    operations: {
      DescribeEndpoint: input => {
        const { name, configName, createdAtMs, modifiedAtMs, build, status } = find(input);
        const image = `${account}.dkr.ecr.${region}.amazonaws.com/${name}@sha256:${String(build).padStart(64, '0')}`;
        const images = [{ SpecifiedImage: `${name}:latest`, ResolvedImage: image }];
        const variants = [
          { VariantName: variantName, DeployedImages: images, CurrentWeight: 1, CurrentInstanceCount: 2 },
        ];
        return {
          EndpointName: name,
          EndpointArn: arnOf(name),
          EndpointConfigName: configName,
          EndpointStatus: status,
          ProductionVariants: variants,
          CreationTime: createdAtMs / 1_000,
          LastModifiedTime: modifiedAtMs / 1_000,
        };
      },
      /** In place, under the name that callers know. */
      UpdateEndpoint: input => {
        const endpoint = find(input);
        const configName = textOf(input, 'EndpointConfigName');
        if (endpoint.status !== 'InService')
          throw new ControlError(
            'ValidationException',
            `Cannot update in-progress endpoint "${arnOf(endpoint.name)}".`,
          );
        void update(endpoint, configName);
        return { EndpointArn: arnOf(endpoint.name) };
      },
    },
  };
}
