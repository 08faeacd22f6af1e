import { type BedrockModel, demoBedrockModels } from './bedrock/models.ts';
import { type Clock, stoppableClock, systemClock } from './clock.ts';
import { createControl } from './control.ts';
import type { ServiceEvent } from './control-plane/event-bus.ts';
import { createSubscriptions, type Subscriptions } from './control-plane/subscriptions.ts';
import { type DnsServer, startDns } from './dns.ts';
import { createFaultBoard, type FaultBoard, type Faults } from './faults.ts';
import {
  demoBuckets,
  demoEndpoints,
  demoIdentities,
  demoModels,
  demoRegions,
  demoRoles,
  type FleetEndpoint,
} from './fleet.ts';
import type { Containers, ModelContainer } from './model-port.ts';
import { createPrincipals, type Identity, type Role } from './principals.ts';
import { randomStream } from './random.ts';
import { createRegion, type Region } from './region.ts';
import type { ObjectStore } from './s3/object-store.ts';
import type { Stats } from './stats.ts';

/** Every port may be 0, for any free one. */
export interface Ports {
  readonly control: number;
  readonly dns: number;
  /** By region. */
  readonly regions: Readonly<Record<string, number>>;
}

export interface SimulatorOptions {
  readonly containers: Containers;
  /** 0 gives free ports everywhere. Default: 9100 control, 9101 to 9104 the regions, 9153 DNS. */
  readonly ports?: Ports | 0;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 1. */
  readonly seed?: number;
  /** Names of the demo's regions, or of others, which get a round trip of 50 ms. Default: all four of the demo. */
  readonly regions?: readonly string[];
  /** Default: the demo fleet. */
  readonly endpoints?: readonly FleetEndpoint[];
  /** Default: the demo's. */
  readonly bedrockModels?: readonly BedrockModel[];
  /** Buckets of every region; `{region}` is filled in. Default: the demo's. */
  readonly buckets?: readonly string[];
  /** SageMaker models of every region, which transform jobs run: containers by name. Default: the demo's. */
  readonly models?: Readonly<Record<string, string>>;
  readonly identities?: readonly Identity[];
  readonly roles?: readonly Role[];
  readonly clock?: Clock;
  /** Multiplies network time, model time and set-up times; 0 removes them. Default 1. */
  readonly latencyScale?: number;
}

export interface Simulator {
  /** By region: the endpoint URL for SageMaker Runtime, Bedrock Runtime, STS and S3. */
  readonly urls: Readonly<Record<string, string>>;
  /** The same for one region. Throws when it is not simulated. */
  url(region: string): string;
  readonly controlUrl: string;
  readonly dnsPort: number;
  readonly faults: Faults;
  /** Where events of all regions are sent. */
  readonly subscriptions: Subscriptions;
  stats(): Stats;
  /** What the region's EventBridge took, latest last. */
  events(region: string): readonly ServiceEvent[];
  /** Creates an endpoint that serves the container in every region. */
  deploy(endpoint: string, container: ModelContainer): void;
  /** What is stored in a region's buckets. */
  objects(region: string): ObjectStore;
  /** Resolves when every region's port is as the faults set now demand: for tests that move the clock by hand. */
  settled(): Promise<void>;
  /** Closes every port and connection; what is in flight is cut. */
  stop(): Promise<void>;
}

export const defaultPorts: Ports = {
  control: 9100,
  dns: 9153,
  regions: Object.fromEntries(Object.entries(demoRegions).map(([name, { port }]) => [name, port])),
};

const freePorts: Ports = { control: 0, dns: 0, regions: {} };

/** Starts the whole stand-in. Rejects, with nothing left behind, when a port is taken. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const {
    host = '127.0.0.1',
    seed = 1,
    regions: names = Object.keys(demoRegions),
    endpoints = demoEndpoints,
    bedrockModels = demoBedrockModels,
  } = options;
  const ports = options.ports === 0 ? freePorts : (options.ports ?? defaultPorts);
  const clock = stoppableClock(options.clock ?? systemClock);
  const endpointsOf = (region: string) => endpoints.filter(endpoint => endpoint.regions?.includes(region) ?? true);
  const namesIn = (region: string) => regions.get(region)?.endpointNames() ?? [];
  const regions = new Map<string, Region>();
  const known = { regions: names, endpoints: namesIn };
  const faults = createFaultBoard(known, clock, seed);
  const { identities = demoIdentities, roles = demoRoles, containers, latencyScale = 1 } = options;
  const principals = createPrincipals(identities, roles, randomStream(seed, 'principals'));
  const subscriptions = createSubscriptions();
  const shared = {
    ...{ host, seed, clock, faults, principals, containers, latencyScale, bedrockModels },
    subscriptions: subscriptions.all,
    deployEverywhere: (endpoint: string, container: ModelContainer) => {
      for (const region of regions.values()) region.deploy(endpoint, container);
    },
  };
  for (const name of names) {
    const own = {
      name,
      port: ports.regions[name] ?? 0,
      roundTripMs: roundTripMs(name),
      endpoints: endpointsOf(name),
      models: options.models ?? demoModels,
      buckets: (options.buckets ?? demoBuckets).map(bucket => bucket.replaceAll('{region}', name)),
    };
    regions.set(name, createRegion({ ...shared, ...own }));
  }
  const stop = async () => {
    faults.stop();
    clock.stop();
    await Promise.allSettled([...regions.values()].map(region => region.stop()));
  };
  return openDoors({ host, ports, regions, faults, subscriptions, stop });
}

interface Built {
  readonly host: string;
  readonly ports: Ports;
  readonly regions: ReadonlyMap<string, Region>;
  readonly faults: FaultBoard;
  readonly subscriptions: Subscriptions;
  stop(): Promise<void>;
}

async function openDoors({ host, ports, regions, faults, subscriptions, stop }: Built): Promise<Simulator> {
  const stats = (): Stats => ({
    regions: Object.fromEntries([...regions].map(([name, region]) => [name, region.stats()])),
  });
  const control = createControl({ host, port: ports.control, faults, subscriptions, stats });
  const settled = async () => {
    await Promise.all([...regions.values()].map(region => region.settle()));
  };
  faults.onChange(settled);
  const stopAll = async (dns?: DnsServer) => {
    control.shut();
    await Promise.all([stop(), dns?.stop()]);
  };
  try {
    await settled();
    await control.open();
    const dns = await startDns({ host, port: ports.dns, regions: [...regions.keys()], faults });
    const urls = Object.fromEntries([...regions].map(([name, region]) => [name, `http://${host}:${region.port}`]));
    return {
      urls,
      url: region => urls[region] ?? fail(`${region} is not simulated`),
      controlUrl: `http://${host}:${control.port}`,
      dnsPort: dns.port,
      faults,
      subscriptions,
      stats,
      events: region => regions.get(region)?.events.taken() ?? fail(`${region} is not simulated`),
      deploy: (endpoint, container) => {
        for (const region of regions.values()) region.deploy(endpoint, container);
      },
      objects: region => regions.get(region)?.objects ?? fail(`${region} is not simulated`),
      settled,
      stop: () => stopAll(dns),
    };
  } catch (error) {
    await stopAll();
    throw error;
  }
}

function roundTripMs(region: string): number {
  return Object.entries(demoRegions).find(([name]) => name === region)?.[1].roundTripMs ?? 50;
}

function fail(message: string): never {
  throw new Error(message);
}
