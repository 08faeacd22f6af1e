import type { DriftPorts } from '../drift/ports.ts';
import { promotedOf } from '../rollout/canary/in-charge.ts';
import { canaryViews } from '../rollout/canary/views.ts';
import { disturbedModels } from './disturbed.ts';
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
    disturbed: disturbedModels(parts, models),
    warn,
  };
}

/** As canaries write it down: read there, so that no promotion is missed that was made as a process died. */
function promotedIn(parts: Parts): DriftPorts['promoted'] {
  const view = canaryViews(parts.stores.state);
  return name => {
    const [model, { record }] = [parts.config().models.get(name), view(name)];
    const version = model && promotedOf(model, record);
    if (record === undefined || version === undefined) return undefined;
    if (record.state !== 'promoted') return { version };
    return { version, by: { canary: record.id, atMs: record.stateSinceMs } };
  };
}
