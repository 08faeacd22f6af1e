import type { ResolvedConfig } from './resolve.ts';

/** What a running process cannot change: these are read once, when it starts. */
export const immovable = [
  ['listen', 'the ports are open'],
  ['stateDir', 'its files are open'],
  ['redis', 'its connection is open'],
  ['cacheStore', 'the cache is laid out'],
  ['connections', 'the pools are open'],
  ['retryBudget', 'the bucket is in use'],
  ['limits', 'the listeners were made with them'],
  ['capture', 'its files are open'],
  ['log', 'the log is open'],
] as const satisfies readonly (readonly [keyof ResolvedConfig['config'], string])[];

/** Why `next` cannot replace `inForce` without a restart; empty if it can. Shows no values, some are secret. */
export function diffImmovable(inForce: ResolvedConfig, next: ResolvedConfig): readonly string[] {
  const changed = immovable.filter(([key]) => JSON.stringify(inForce.config[key]) !== JSON.stringify(next.config[key]));
  return changed.map(([key, why]) => `${key} changed, and ${why}; restart to change it, or put it back`);
}
