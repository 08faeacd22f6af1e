import type { Target } from '../core/target.ts';
import type { DriftPorts } from '../drift/ports.ts';
import { stableVersion, weightsOf } from '../rollout/canary/plan.ts';
import { inCharge } from '../rollout/canary/record.ts';
import { canaryViews } from '../rollout/canary/views.ts';
import { configuredBaselines, type MonitoredModels } from './monitored-models.ts';
import type { Parts } from './parts.ts';

/** What monitors need, over the gateway's parts. */
export function driftPorts(
  parts: Parts,
  models: MonitoredModels,
  own: Pick<DriftPorts, 'directory' | 'tallies' | 'counted'>,
  warn: (message: string) => void,
): DriftPorts {
  const { clock, random, emit, admission, stores } = parts;
  return {
    clock,
    random,
    emit,
    memory: admission,
    state: stores.state,
    ...own,
    models: () => [...models().values()],
    model: name => models().get(name),
    configured: configuredBaselines(models, warn),
    promoted: promotedIn(parts),
    disturbed: disturbedIn(parts),
    warn,
  };
}

/** As canaries write it down: read there, so that no promotion is missed that was made as a process died. */
function promotedIn(parts: Parts): DriftPorts['promoted'] {
  const view = canaryViews(parts.stores.state);
  return name => {
    const [model, { record }] = [parts.config().models.get(name), view(name)];
    const version = model && record && inCharge(record, weightsOf(model));
    if (record === undefined || version === undefined) return undefined;
    if (record.state !== 'promoted') return { version };
    return { version, by: { canary: record.id, atMs: record.stateSinceMs } };
  };
}

/**
 * Whether a model's traffic is not what it usually is: a region is evacuated; or a residency class has no target left, so
 * that those who are bound to it are missing from every window.
 */
function disturbedIn({ config, health, stores }: Parts): DriftPorts['disturbed'] {
  const view = canaryViews(stores.state);
  const isOut = (target: Target) => {
    const availability = health.available(target);
    if (availability.usable) return availability.trial === true; // half-open: it has not come back yet
    return availability.why === 'ejected' || availability.why === 'drained' || availability.why === 'evacuated';
  };
  return name => {
    const model = config().models.get(name);
    if (model === undefined) return false;
    const states = health.regions();
    const targets = model.versions.flatMap(version => version.targets);
    if (targets.some(({ region }) => states.get(region) === 'evacuated')) return true;
    const { record } = view(name);
    const version = (record && inCharge(record, weightsOf(model))) ?? stableVersion(model, '');
    // A version without calls is never ejected, and says nothing.
    const called = targets.filter(target => target.version === version);
    const classes = Map.groupBy(called, ({ residency }) => residency);
    return [...classes.values()].some(each => each.every(isOut));
  };
}
