import type { MonitoredModels } from './monitored-models.ts';
import type { Parts } from './parts.ts';

/**
 * Whether the mix of a model's calls is not the usual now, so that its windows show no drift of the world: a region of it
 * is evacuated; or those bound to a scope have no region left, though it was drained by a person, and are missing in the
 * whole. Callers of another drained region come to the others, and are counted there.
 */
export function disturbedModels(
  { config, health }: Pick<Parts, 'config' | 'health'>,
  models: MonitoredModels,
): (model: string) => boolean {
  return name => {
    const targets = config()
      .models.get(name)
      ?.versions.flatMap(version => version.targets);
    if (targets === undefined) return false;
    const states = health.regions();
    if (targets.some(({ region }) => states.get(region) === 'evacuated')) return true;
    const isOut = (scope: string) =>
      targets.every(({ region, residency }) => residency !== scope || states.get(region) === 'drained');
    return models().get(name)?.scopes.some(isOut) ?? false;
  };
}
