import type { StateStore } from '../../src/state/state.ts';

/** Makes stores that keep everything in memory and tell each other of changes at once, as replicas that share Redis. */
export function memoryReplicas(): () => StateStore {
  const values = new Map<string, string>();
  const watchers = new Set<{ owner: symbol; listener: (key: string, value: string | undefined) => void }>();
  return () => {
    const owner = Symbol('replica');
    const tellOthers = (key: string, value: string | undefined) => {
      for (const watcher of watchers) if (watcher.owner !== owner) watcher.listener(key, value);
    };
    return {
      get: key => values.get(key),
      set: async (key, value) => {
        values.set(key, value);
        tellOthers(key, value);
      },
      delete: async key => {
        if (values.delete(key)) tellOthers(key, undefined);
      },
      replace: async (key, expected, value) => {
        if (values.get(key) !== expected) return false;
        values.set(key, value);
        tellOthers(key, value);
        return true;
      },
      list: prefix => new Map([...values].filter(([key]) => key.startsWith(prefix))),
      watch: listener => {
        const watcher = { owner, listener };
        watchers.add(watcher);
        return () => watchers.delete(watcher);
      },
      close: async () => {
        for (const watcher of watchers) if (watcher.owner === owner) watchers.delete(watcher);
      },
    };
  };
}

/** A store for tests: nothing survives the process. */
export function memoryState(): StateStore {
  return memoryReplicas()();
}
