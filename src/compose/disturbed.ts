import type { Target } from '../core/target.ts';
import type { DriftPorts } from '../drift/ports.ts';
import { chargeOf } from '../rollout/canary/in-charge.ts';
import { canaryViews } from '../rollout/canary/views.ts';
import type { MonitoredModels } from './monitored-models.ts';
import type { Parts } from './parts.ts';

/**
 * Whether the mix of a model's calls is not the usual now, so that its windows show no drift of the world: a region of it is
 * evacuated; or a residency class has no target left, so that those who are bound to it are missing. One that a person
 * drained counts where the class is a scope: else its callers are taken for free to come to the others.
 */
export function disturbedModels(
  { config, health, stores }: Pick<Parts, 'config' | 'health' | 'stores'>,
  models: MonitoredModels,
): DriftPorts['disturbed'] {
  const view = canaryViews(stores.state);
  const isOut = (target: Target, drainCounts: boolean) => {
    const availability = health.available(target);
    if (availability.usable) return availability.trial === true; // half-open: it has not come back yet
    const { why } = availability;
    return why === 'ejected' || why === 'evacuated' || (why === 'drained' && drainCounts);
  };
  return name => {
    const model = config().models.get(name);
    if (model === undefined) return false;
    const states = health.regions();
    const targets = model.versions.flatMap(version => version.targets);
    if (targets.some(({ region }) => states.get(region) === 'evacuated')) return true;
    const { record } = view(name);
    const version = chargeOf(model, record);
    // A version without calls is never ejected, and says nothing.
    const called = targets.filter(target => target.version === version);
    const scopes: readonly string[] = models().get(name)?.scopes ?? [];
    const classes = Map.groupBy(called, ({ residency }) => residency);
    return [...classes].some(([residency, each]) => each.every(target => isOut(target, scopes.includes(residency))));
  };
}
