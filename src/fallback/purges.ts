import type { Clock } from '../core/clock.ts';
import type { StateStore } from '../state/state.ts';

const PREFIX = 'purge/';
/** A purge from a clock further ahead than this counts only this far, or it would shut the cache for as long. */
const maxClockSkewMs = 60_000;

/**
 * When each model or version was last purged, on all replicas. Answers stored until then are never used again, so
 * that a purge takes effect even where the shared store cannot be reached to delete them.
 */
export interface Purges {
  /** Whether an answer of this model and version, stored then, has been purged since. */
  covers(model: string, version: string, storedAtMs: number): boolean;
  /** Purges a model (one version of it) now, here and everywhere; rejects if the purge could not be kept. */
  purge(model: string, version: string | undefined): Promise<void>;
  close(): void;
}

/** @param onPurge called for every purge, this replica's and others', so that memory can be given back */
export function purges(
  state: StateStore,
  clock: Clock,
  onPurge: (model: string, version: string | undefined) => void,
): Purges {
  const epochs = new Map<string, number>();
  const learn = (key: string, value: string | undefined) => {
    const atMs = Number(value);
    if (!key.startsWith(PREFIX) || value === undefined || !Number.isFinite(atMs)) return;
    const scope = key.slice(PREFIX.length);
    epochs.set(scope, Math.max(epochs.get(scope) ?? 0, Math.min(atMs, clock.wallMs() + maxClockSkewMs)));
    const [model = '', version] = scope.split('/');
    onPurge(model, version === '*' ? undefined : version);
  };
  for (const [key, value] of state.list(PREFIX)) learn(key, value);
  const stop = state.watch(learn);
  return {
    covers: (model, version, storedAtMs) =>
      epochs.size > 0 && storedAtMs <= Math.max(epochs.get(`${model}/*`) ?? 0, epochs.get(`${model}/${version}`) ?? 0),
    purge: (model, version) => {
      const key = `${PREFIX}${model}/${version ?? '*'}`;
      const value = String(clock.wallMs());
      learn(key, value);
      return state.set(key, value);
    },
    close: stop,
  };
}
