import { GatewayError } from '../core/errors.ts';
import type { Listener } from '../core/events.ts';
import type { StateStore } from '../state/state.ts';
import type { Parts } from './parts.ts';

/**
 * How long Redis must have answered before records move forward: by then every replica has compared its records with
 * those there (`state/shared-state.ts` does so every two seconds at least).
 */
const settleMs = 3_000;

/** Whether what this replica knows of the others can be acted on. */
export interface Together {
  /** True without Redis; with it, when it has answered for a while. */
  now(): boolean;
  readonly hear: Listener;
}

/** Follows Redis's coming and going. */
export function createTogether({ clock, stores }: Pick<Parts, 'clock' | 'stores'>): Together {
  let upSince: number | undefined;
  return {
    now: () => {
      const up = stores.redisUp();
      if (up === undefined) return true;
      if (!up) upSince = undefined;
      else upSince ??= clock.now();
      return upSince !== undefined && clock.now() - upSince >= settleMs;
    },
    /** A Redis that was away for less than a look must still be noticed. */
    hear: event => {
      if (event.type === 'redis-changed' && !event.up) upSince = undefined;
    },
  };
}

/**
 * The state as seen by what only replicas together may change. `replace` rejects with `replicas-apart`, which people and
 * hooks are told as it is, while they are not.
 */
export function togetherState({ state }: Pick<Parts['stores'], 'state'>, together: () => boolean): StateStore {
  return {
    get: key => state.get(key),
    set: (key, value) => state.set(key, value),
    delete: key => state.delete(key),
    list: prefix => state.list(prefix),
    watch: listener => state.watch(listener),
    close: () => state.close(),
    replace: async (...change) => {
      if (!together()) throw apart();
      return state.replace(...change).catch((error: unknown) => {
        throw Object.assign(apart(), { cause: error }); // for the log
      });
    },
  };
}

function apart(): GatewayError {
  return new GatewayError(
    'replicas-apart',
    'Redis does not answer, or answers again only now: without it replicas cannot agree, and nothing is begun. Try again.',
  );
}
