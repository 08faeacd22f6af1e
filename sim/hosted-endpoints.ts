import type { Clock } from './clock.ts';
import { createEndpoint, type EndpointSpec } from './endpoints/create.ts';
import type { Endpoint } from './endpoints/endpoint.ts';
import type { FaultBoard } from './faults.ts';
import { demoAccount } from './fleet.ts';
import type { Containers, ModelContainer } from './model-port.ts';
import { createNotifier } from './notifier.ts';
import { randomStream } from './random.ts';
import type { ObjectStore } from './s3/object-store.ts';

export interface HostingParts {
  readonly region: string;
  readonly clock: Clock;
  readonly seed: number;
  readonly faults: FaultBoard;
  readonly containers: Containers;
  readonly objects: ObjectStore;
  workMs(medianMs: number, endpoint: string): number;
  /** Where the region is reached. */
  siteUrl(): string;
}

/** The endpoints of one region: those of the fleet, and those that were deployed since. */
export interface HostedEndpoints {
  readonly all: ReadonlyMap<string, Endpoint>;
  /** Hosts an endpoint, in the place of one of the same name. Throws when its container is not known. */
  host(spec: EndpointSpec): void;
  /** Puts another container behind a real-time endpoint; false when there is no such endpoint or container. */
  rehost(endpoint: string, container: string): boolean;
  /** A container that was made after the start. */
  addContainer(name: string, container: ModelContainer): void;
}

export function hostEndpoints(parts: HostingParts, specs: readonly EndpointSpec[]): HostedEndpoints {
  const { region, clock, seed, faults } = parts;
  const random = randomStream(seed, region, 'sns');
  const notify = createNotifier({ region, account: demoAccount, clock, random, siteUrl: parts.siteUrl });
  const all = new Map<string, Endpoint>();
  const known = new Map(specs.map(spec => [spec.name, spec]));
  const made = new Map<string, ModelContainer>();
  const containerOf = (name: string) => made.get(name) ?? parts.containers[name];
  const host = (spec: EndpointSpec) => {
    const hosting = {
      region,
      clock,
      random: randomStream(seed, region, spec.name),
      container: (name: string) => {
        const container = containerOf(name);
        if (container === undefined) throw new Error(`endpoint ${spec.name}: no container is called ${name}`);
        return container;
      },
      workMs: (medianMs: number) => parts.workMs(medianMs, spec.name),
      objects: parts.objects,
      notify,
      stalled: () => faults.hit(region, 'async-stall', spec.name) !== undefined,
      fails: () => faults.hit(region, 'async-fail', spec.name) !== undefined,
      mayWarmUp: () => faults.hit(region, 'no-cold-starts', spec.name) === undefined,
    };
    all.set(spec.name, createEndpoint(spec, hosting));
    known.set(spec.name, spec);
  };
  for (const spec of specs) host(spec);
  return {
    all,
    host,
    rehost: (endpoint, container) => {
      const spec = known.get(endpoint);
      if (spec?.kind !== 'real-time' || containerOf(container) === undefined) return false;
      host({ ...spec, container });
      return true;
    },
    addContainer: (name, container) => void made.set(name, container),
  };
}
