import { GatewayError } from '../../core/errors.ts';
import type { Model } from '../../core/model.ts';
import { type Beginning, beginning, configuredId } from './begin.ts';
import type { Changes } from './changes.ts';
import type { PlanChanges } from './plan.ts';
import type { CanaryPorts } from './ports.ts';
import type { CanaryRecord } from './record.ts';
import { isRunning } from './states.ts';
import type { View } from './views.ts';

/** How one start differs from the model's config. */
export interface StartOptions {
  readonly reason?: string;
  readonly changes?: PlanChanges;
}

/** Begins canaries. */
export interface Starts {
  /** @throws GatewayError when it cannot begin */
  start(model: string, version: string, by: string, options?: StartOptions): Promise<CanaryRecord>;
  /** Begins the canary that the config asks for, unless it had its turn. */
  configured(model: string): Promise<void>;
}

/** @param view a model's canary as it stands now */
export function createStarts(ports: CanaryPorts, changes: Changes, view: (model: string) => View): Starts {
  const { clock, random } = ports;
  const begin = async (name: string, said: Omit<Beginning, 'atMs'>): Promise<CanaryRecord> => {
    const [model, options] = [ports.model(name), ports.options(name)];
    if (model === undefined || options === undefined) throw new GatewayError('not-found', `No model ${name}.`);
    const begun = await changes.change(name, before =>
      beginning(model, options, before, { ...said, atMs: clock.wallMs() }),
    );
    return begun as CanaryRecord;
  };
  /** Models whose canary was refused: those of another config are asked again. */
  const refused = new WeakSet<Model>();
  return {
    start: (name, version, by, { reason = '', changes: said = {} } = {}) => {
      const id = `${version}-${clock.wallMs().toString(36)}${Math.floor(random() * 46_656).toString(36)}`;
      return begin(name, { id, version, by, reason, changes: said });
    },
    configured: async name => {
      const [model, options] = [ports.model(name), ports.options(name)];
      if (model === undefined || options?.version === undefined || !ports.together()) return;
      const id = configuredId(name, options);
      const { record } = view(name);
      if (record?.id === id || record?.previous.includes(id) || refused.has(model)) return;
      if (record !== undefined && isRunning(record.state)) return;
      try {
        await begin(name, { id, version: options.version, by: 'config', reason: 'models.canary.version', changes: {} });
      } catch (error) {
        const told = error instanceof GatewayError ? error : undefined;
        if (told?.code === 'replicas-apart' || told?.code === 'internal') return; // tried again at the next tick
        refused.add(model);
        ports.warn(`the canary that the config asks for did not start: ${told?.message ?? String(error)}`);
      }
    },
  };
}
