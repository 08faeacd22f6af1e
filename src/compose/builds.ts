import { isAwsRegion } from '../core/residency.ts';
import type { Target } from '../core/target.ts';
import { type Builds, type EndpointName, watchBuilds } from '../rollout/builds.ts';
import type { Parts } from './parts.ts';

/** Watches what stands behind SageMaker endpoints, and forgets what was learnt of a build that is gone. */
export function createBuilds(parts: Parts, warn: (message: string) => void): Builds {
  const { clock, backends, routing, cache, work, emit } = parts;
  const named = ({ region, endpoint }: EndpointName) =>
    parts
      .config()
      .targets.filter(target => target.region === region && target.endpoint === endpoint && isHosted(target));
  return watchBuilds({
    clock,
    everyMs: () => parts.config().config.buildWatch?.everyMs,
    endpoints: () => describable(parts),
    describe: async ({ region, endpoint }) => {
      await backends.ready();
      return backends.controlPlane.describeEndpoint(region, endpoint);
    },
    background: work.start,
    warn,
    changed: (name, build) => {
      const targets = named(name);
      for (const target of targets) routing.forget(target);
      for (const { model, version } of new Map(targets.map(each => [`${each.model}/${each.version}`, each])).values())
        work.start(() => cache.purge(model, version));
      for (const target of targets) emit({ type: 'build-changed', target, ...build });
    },
  });
}

/** Endpoints that the region's own identity sees: others may have the same name in another account. */
function describable(parts: Parts): readonly EndpointName[] {
  const { targets, regions } = parts.config();
  const names = new Map<string, EndpointName>();
  for (const target of targets) {
    const { region, endpoint, identity } = target;
    if (isHosted(target) && isAwsRegion(region) && identity === regions.get(region)?.controlIdentity)
      names.set(`${region}/${endpoint}`, { region, endpoint });
  }
  return [...names.values()];
}

/** Whether an endpoint of SageMaker's stands there, and not a model of Bedrock's or somebody else's server. */
function isHosted({ kind }: Target): boolean {
  return kind.startsWith('sagemaker-');
}
