import type { StateStore } from '../../src/state/state.ts';

/**
 * The store of a process that dies with its so manyth write, from 1: before it is durable, or after; no later one ends.
 * `bury` makes those that wait for one give up.
 */
export function mortalState(
  shared: StateStore,
  writes: number,
  durable: boolean,
): { state: StateStore; isDead(): boolean; bury(): void } {
  let left = writes;
  const { promise: never, reject: bury } = Promise.withResolvers<never>();
  never.catch(() => undefined);
  const dying =
    <Args extends unknown[], Result>(write: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      if (left === 0) return never;
      left -= 1;
      if (left === 0 && !durable) return never;
      const result = await write(...args);
      return left === 0 ? never : result;
    };
  const { set, replace, delete: remove } = shared;
  return {
    state: { ...shared, set: dying(set), replace: dying(replace), delete: dying(remove) },
    isDead: () => left === 0,
    bury: () => bury(new Error('buried')),
  };
}
