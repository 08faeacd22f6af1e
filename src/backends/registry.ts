import type { Clock } from '../core/clock.ts';
import type { Emit } from '../core/events.ts';
import type { Random } from '../core/random.ts';
import { isAwsRegion } from '../core/residency.ts';
import type { BackendKind } from '../core/target.ts';
import type { AwsPorts, AwsService } from './aws-call.ts';
import type { Backend } from './backend.ts';
import { bedrock } from './bedrock.ts';
import type { ControlPlane } from './control-plane.ts';
import { dnsCache, networkResolver } from './dns.ts';
import { http } from './http.ts';
import { createIdentities, type Identity } from './identities.ts';
import type { ObjectStore } from './object-store.ts';
import { offPath } from './off-path.ts';
import type { ConnectionOptions } from './options.ts';
import { createPoster, type Poster } from './post.ts';
import { sagemakerAsync } from './sagemaker-async.ts';
import { sagemakerMultiModel } from './sagemaker-multi-model.ts';
import { sagemakerRealtime } from './sagemaker-realtime.ts';
import { sagemakerServerless } from './sagemaker-serverless.ts';
import { sigV4Signer } from './signing.ts';
import type { TransformPlane } from './transform-plane.ts';
import { undiciTransport } from './transport.ts';

/** Every backend kind. A new one is a file, a line here and a test. */
const kinds = {
  'sagemaker-realtime': sagemakerRealtime,
  'sagemaker-serverless': sagemakerServerless,
  'sagemaker-multi-model': sagemakerMultiModel,
  'sagemaker-async': sagemakerAsync,
  bedrock,
  http,
} satisfies Record<BackendKind, (ports: AwsPorts) => Backend>;

function made(ports: AwsPorts): Record<BackendKind, Backend> {
  const all = Object.entries(kinds).map(([kind, make]) => [kind, make(ports)]);
  return Object.fromEntries(all) as Record<BackendKind, Backend>;
}

/** Where a region is reached. */
export interface RegionSites {
  readonly sagemakerRuntimeUrl: string;
  readonly bedrockRuntimeUrl: string;
  readonly stsUrl: string;
  readonly s3Url?: string;
  /** What signs for the region's bucket; undefined where there is none. */
  readonly bucketIdentity?: string | undefined;
  /** SageMaker's control plane, not its runtime. */
  readonly sagemakerUrl?: string;
  readonly eventBridgeUrl?: string;
  /** What signs for the region's control planes; undefined where nothing uses them. */
  readonly controlIdentity?: string | undefined;
}

/** What a reload may change. */
export interface BackendSites {
  readonly regions: ReadonlyMap<string, RegionSites>;
  /** By `Target.identity`. */
  readonly identities: ReadonlyMap<string, Identity>;
}

/** The backends and the identities that sign for them. */
export interface Backends {
  readonly backends: Readonly<Record<BackendKind, Backend>>;
  readonly objects: ObjectStore;
  /** For webhooks. */
  readonly poster: Poster;
  /** For batches. */
  readonly transforms: TransformPlane;
  /** For pipelines, events and what stands behind endpoints. */
  readonly controlPlane: ControlPlane;
  /** Whether this identity can sign now. */
  hasCredentials(identity: string): boolean;
  /** Fetches the keys that a config about to be put in force needs. */
  prepare(sites: BackendSites): Promise<void>;
  /** Takes a reloaded config: new URLs count from the next call, identities that stay keep their keys. */
  use(sites: BackendSites): void;
  /** Closes the connections of targets that are gone, after the calls they carry. */
  retire(targetIds: Iterable<string>): void;
  /** Resolves when every identity has been tried once, whatever came of it. */
  ready(): Promise<void>;
  /** Closes every connection and stops every timer. */
  stop(): Promise<void>;
}

/** What backends need of the rest. */
export interface BackendDeps extends BackendSites {
  readonly clock: Clock;
  readonly random: Random;
  readonly emit: Emit;
  readonly connections: ConnectionOptions;
}

/** Wires names, connections, keys and signatures into one backend per kind. */
export function createBackends(deps: BackendDeps): Backends {
  const { clock, connections } = deps;
  const { servers, ttlMs, timeoutMs } = connections.dns;
  let regions = deps.regions;
  const network = networkResolver(servers, timeoutMs);
  const dns = dnsCache({ clock, resolve: network.resolve, ttlMs, timeoutMs });
  const transport = undiciTransport({ clock, lookup: dns.lookup, settings: connections });
  const identities = createIdentities(deps, {
    clock,
    lookup: dns.lookup,
    stsSites: first =>
      [...regions]
        .filter(([region]) => isAwsRegion(region))
        .map(([region, { stsUrl }]) => ({ region, url: stsUrl }))
        .sort((a, b) => Number(b.region === first) - Number(a.region === first)),
  });
  identities.use(deps.identities);
  const sagemaker: AwsService = {
    name: 'sagemaker',
    signer: sigV4Signer('sagemaker', clock),
    urlOf: region => regions.get(region)?.sagemakerRuntimeUrl,
  };
  const bedrockRuntime: AwsService = {
    name: 'bedrock',
    signer: sigV4Signer('bedrock', clock),
    urlOf: region => regions.get(region)?.bedrockRuntimeUrl,
  };
  const ports: AwsPorts = {
    clock,
    transport,
    sagemaker,
    bedrock: bedrockRuntime,
    credentialsOf: identities.current,
    suspect: identities.suspect,
  };
  const poster = createPoster(dns.lookup);
  const { stop: stopOffPath, ...services } = offPath({
    clock,
    sitesOf: region => regions.get(region),
    credentialsOf: identities.current,
    lookup: dns.lookup,
  });
  return {
    backends: made(ports),
    ...services,
    poster,
    hasCredentials: identity => identities.current(identity) !== undefined,
    prepare: sites => identities.prepare(sites.identities),
    use(sites) {
      regions = sites.regions;
      identities.use(sites.identities);
    },
    retire(targetIds) {
      for (const id of targetIds) transport.retire(id);
    },
    ready: identities.ready,
    async stop() {
      identities.stop();
      await stopOffPath();
      dns.stop();
      network.stop();
      await poster.stop();
      await transport.stop();
    },
  };
}
