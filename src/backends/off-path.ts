import type { Clock } from '../core/clock.ts';
import type { ControlPlane } from './control-plane.ts';
import type { ObjectStore } from './object-store.ts';
import type { RegionSites } from './registry.ts';
import type { SdkPorts } from './sdk-settings.ts';
import type { TransformPlane } from './transform-plane.ts';

/** AWS's services beside the request path. */
export interface OffPath {
  readonly objects: ObjectStore;
  readonly transforms: TransformPlane;
  readonly controlPlane: ControlPlane;
  /** Closes the connections of those that were called. */
  stop(): Promise<void>;
}

/** What calling these services needs of the rest. */
export interface OffPathPorts extends SdkPorts {
  readonly clock: Clock;
  sitesOf(region: string): RegionSites | undefined;
}

/** Loads the SDK's client of each service at its first call: together they take 50 MB, and most gateways call none. */
export function offPath({ sitesOf, ...sdk }: OffPathPorts): OffPath {
  const s3Site = (region: string) => {
    const { s3Url: url, bucketIdentity: identity } = sitesOf(region) ?? {};
    return url === undefined || identity === undefined ? undefined : { url, identity };
  };
  const transformSite = (region: string) => {
    const { sagemakerUrl: url, controlIdentity: identity } = sitesOf(region) ?? {};
    return identity === undefined ? undefined : { url, identity };
  };
  const planeSite = (region: string) => {
    const { sagemakerUrl, eventBridgeUrl, controlIdentity: identity } = sitesOf(region) ?? {};
    if (sagemakerUrl === undefined || eventBridgeUrl === undefined || identity === undefined) return undefined;
    return { sagemakerUrl, eventBridgeUrl, identity };
  };
  const s3 = late(async () => (await import('./s3-store.ts')).s3Store({ ...sdk, siteOf: s3Site }));
  const transforms = late(async () =>
    (await import('./sagemaker-transforms.ts')).sagemakerTransforms({ ...sdk, siteOf: transformSite }),
  );
  const planes = late(async () =>
    (await import('./aws-control-plane.ts')).awsControlPlane({ ...sdk, siteOf: planeSite }),
  );
  return {
    objects: lateObjects(s3),
    transforms: lateTransforms(transforms),
    controlPlane: lateControlPlane(planes),
    stop: async () => {
      await s3.end(made => made.stop());
      await transforms.end(made => made.stopClients());
      await planes.end(made => made.stop());
    },
  };
}

/** What is made at its first use. */
interface Late<T> {
  /** The same one for all who ask. */
  get(): Promise<T>;
  /** Does so with what was asked for; nothing while nothing was. */
  end(how: (made: T) => void): Promise<void>;
}

function late<T>(make: () => Promise<T>): Late<T> {
  let made: Promise<T> | undefined;
  return {
    get: () => {
      made ??= make();
      return made;
    },
    end: async how => {
      if (made !== undefined) how(await made);
    },
  };
}

function lateObjects({ get }: Pick<Late<ObjectStore>, 'get'>): ObjectStore {
  return {
    put: async (...call) => (await get()).put(...call),
    upload: async (...call) => (await get()).upload(...call),
    look: async place => (await get()).look(place),
    get: async place => (await get()).get(place),
    delete: async place => (await get()).delete(place),
    folders: async function* (...call) {
      yield* (await get()).folders(...call);
    },
    keys: async function* (...call) {
      yield* (await get()).keys(...call);
    },
  };
}

function lateTransforms({ get }: Pick<Late<TransformPlane>, 'get'>): TransformPlane {
  return {
    create: async (...call) => (await get()).create(...call),
    describe: async (...call) => (await get()).describe(...call),
    stop: async (...call) => (await get()).stop(...call),
  };
}

function lateControlPlane({ get }: Pick<Late<ControlPlane>, 'get'>): ControlPlane {
  return {
    startPipeline: async (...call) => (await get()).startPipeline(...call),
    describeExecution: async (...call) => (await get()).describeExecution(...call),
    findExecution: async (...call) => (await get()).findExecution(...call),
    stopExecution: async (...call) => (await get()).stopExecution(...call),
    approvedPackages: async (...call) => (await get()).approvedPackages(...call),
    describeEndpoint: async (...call) => (await get()).describeEndpoint(...call),
    putEvents: async (...call) => (await get()).putEvents(...call),
  };
}
