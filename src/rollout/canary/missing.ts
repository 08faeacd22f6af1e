import type { Clock } from '../../core/clock.ts';
import type { Model } from '../../core/model.ts';
import type { CanaryRecord } from './record.ts';
import { isRunning, stateAfter } from './states.ts';

/** Versions that come from elsewhere than the config may be known a little later than their canary. */
const patienceMs = 30_000;

/** Whether the model has the version on trial now. */
export function isThere(model: Pick<Model, 'versions'>, { canary }: Pick<CanaryRecord, 'canary'>): boolean {
  return model.versions.some(({ name }) => name === canary);
}

/** Tells of a running canary whose version the model has not had for a while, where it can still be held. */
export function missingVersions(clock: Clock): (model: Model, record: CanaryRecord) => boolean {
  const since = new Map<string, number>();
  return (model, record) => {
    const { id, state } = record;
    if (isThere(model, record) || !isRunning(state) || stateAfter(state, 'hold') === undefined) {
      since.delete(id);
      return false;
    }
    const from = since.get(id) ?? clock.now();
    since.set(id, from);
    return clock.now() - from >= patienceMs;
  };
}
