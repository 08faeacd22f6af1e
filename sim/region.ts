import { createServer } from 'node:http';
import { createBedrockService } from './bedrock/bedrock-service.ts';
import type { BedrockModel } from './bedrock/models.ts';
import type { Clock } from './clock.ts';
import type { EventBus, Subscription } from './control-plane/event-bus.ts';
import { createRegionControl } from './control-plane/region-control.ts';
import type { EndpointSpec } from './endpoints/create.ts';
import type { Endpoint } from './endpoints/endpoint.ts';
import type { FaultBoard } from './faults.ts';
import { createFrontDoor, type FrontDoor } from './front-door.ts';
import { hostEndpoints } from './hosted-endpoints.ts';
import type { Containers, ModelContainer } from './model-port.ts';
import type { Principals } from './principals.ts';
import { randomStream } from './random.ts';
import { createRegionHandler, type RegionHandler } from './region-handler.ts';
import { createRuntimeService } from './runtime-service.ts';
import { createMultipart } from './s3/multipart.ts';
import { createObjectStore, type ObjectStore } from './s3/object-store.ts';
import { createS3Service } from './s3/s3-service.ts';
import { createStickySessions } from './sessions.ts';
import { noRequests, type RegionStats } from './stats.ts';
import { createStsService } from './sts-service.ts';
import { createTiming } from './timing.ts';

export interface RegionParts {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly roundTripMs: number;
  readonly latencyScale: number;
  readonly endpoints: readonly EndpointSpec[];
  readonly bedrockModels: readonly BedrockModel[];
  /** Names of the buckets there at the start. */
  readonly buckets: readonly string[];
  /** SageMaker models: containers by the name of the model. */
  readonly models: Readonly<Record<string, string>>;
  readonly containers: Containers;
  readonly principals: Principals;
  readonly faults: FaultBoard;
  readonly clock: Clock;
  readonly seed: number;
  /** Where the region's events are sent. */
  subscriptions(): readonly Subscription[];
  /** Creates an endpoint in every region. */
  deployEverywhere(endpoint: string, container: ModelContainer): void;
}

/** One simulated AWS region: a listener with SageMaker Runtime, Bedrock Runtime and regional STS behind it. */
export interface Region {
  readonly port: number;
  /** Opens or shuts the port, as the faults set now demand. */
  settle(): Promise<void>;
  stop(): Promise<void>;
  stats(): RegionStats;
  /** What is stored in the region's buckets. */
  readonly objects: ObjectStore;
  /** EventBridge. */
  readonly events: EventBus;
  /** Endpoints and Bedrock models that are there now. */
  endpointNames(): readonly string[];
  /** Creates a real-time endpoint of this name that serves the container, or replaces it. */
  deploy(endpoint: string, container: ModelContainer): void;
}

const skewMs = 10 * 60_000;

export function createRegion(parts: RegionParts): Region {
  const { name: region, faults, clock, principals, seed } = parts;
  const timing = createTiming(
    region,
    parts.roundTripMs,
    parts.latencyScale,
    randomStream(seed, region, 'timing'),
    faults,
  );
  const objects = createObjectStore(parts.buckets, () => wallMs());
  const { containers } = parts;
  const hosted = hostEndpoints(
    {
      ...{ region, clock, seed, faults, containers, objects },
      workMs: timing.workMs,
      siteUrl: () => `http://${parts.host}:${door.port}`,
    },
    parts.endpoints,
  );
  const endpoints = hosted.all;
  const sessions = createStickySessions(clock, randomStream(seed, region, 'sessions'));
  const wallMs = () => {
    const skew = faults.hit(region, 'clock-skew');
    return clock.wallMs() + (skew === undefined ? 0 : skewMs * (skew.factor ?? 1));
  };
  const bedrock = createBedrockService({
    region,
    models: parts.bedrockModels,
    principals,
    faults,
    clock,
    random: randomStream(seed, region, 'bedrock'),
    wallMs,
    workMs: timing.workMs,
  });
  const control = createRegionControl({
    ...{ region, clock, seed, faults, principals, objects, containers, wallMs },
    endpoints: hosted,
    models: parts.models,
    subscriptions: parts.subscriptions,
    deployEverywhere: parts.deployEverywhere,
    workMs: medianMs => timing.workMs(medianMs, ''),
  });
  const handler = createRegionHandler({
    region,
    endpointNames: [...endpoints.keys(), ...bedrock.ids],
    bedrock,
    runtime: createRuntimeService({ region, endpoints, principals, sessions, faults, wallMs }),
    s3: createS3Service({
      region,
      store: objects,
      multipart: createMultipart(objects, randomStream(seed, region, 'uploads')),
      principals,
      faults,
      wallMs,
    }),
    sts: createStsService({ region, principals, faults, clock, wallMs }),
    controlPlane: control.plane,
    faults,
    timing,
    clock,
    requestIds: randomStream(seed, region, 'request-ids'),
    wallMs,
  });
  const door = createDoor(parts, handler);
  return {
    get port() {
      return door.port;
    },
    ...keepDoor(door, () => (faults.hit(region, 'refuse') ?? faults.hit(region, 'flap')) !== undefined),
    objects,
    events: control.events,
    endpointNames: () => [...endpoints.keys(), ...bedrock.ids],
    deploy: (name, container) => {
      hosted.addContainer(name, container);
      hosted.host({ kind: 'real-time', name, container: name });
      control.endpointControl.created(name);
      handler.countFor(name);
    },
    stats: () => regionStats(door, handler, endpoints, bedrock.ids),
  };
}

function createDoor({ name, host, port, faults }: RegionParts, handler: RegionHandler): FrontDoor {
  const http = createServer({ keepAliveTimeout: 65_000, requestTimeout: 0 }, (request, response) => {
    handler.handle(request, response).catch(() => response.destroy()); // the client left while it was sending
  });
  return createFrontDoor({
    name,
    host,
    port,
    turnAway: () => faults.hit(name, 'new-connections') !== undefined,
    onConnection: socket => http.emit('connection', socket),
  });
}

/** Opening takes a moment, so each turn of the door waits for the one before. */
function keepDoor(door: FrontDoor, mustRefuse: () => boolean): Pick<Region, 'settle' | 'stop'> {
  let stopped = false;
  let settled: Promise<void> = Promise.resolve();
  const turn = async () => {
    if (stopped || mustRefuse()) door.shut();
    else await door.open();
  };
  const settle = () => {
    settled = settled.then(turn, turn);
    return settled;
  };
  return {
    settle,
    stop: () => {
      stopped = true;
      return settle();
    },
  };
}

function regionStats(
  door: FrontDoor,
  { counts }: RegionHandler,
  endpoints: ReadonlyMap<string, Endpoint>,
  bedrockIds: readonly string[],
): RegionStats {
  const byEndpoint = [...endpoints.keys(), ...bedrockIds].map(name => {
    return [name, { ...(counts.endpoints[name] ?? noRequests()), state: endpoints.get(name)?.state() ?? {} }] as const;
  });
  return { ...counts.all, connections: door.counts(), sts: counts.sts, endpoints: Object.fromEntries(byEndpoint) };
}
