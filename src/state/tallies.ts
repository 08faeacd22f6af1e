import type { Tallies } from './state.ts';

/** The tallies of a replica that is alone. */
export function localTallies(): Tallies {
  const own = new Map<string, string>();
  return {
    publish: async (scope, text) => {
      own.set(scope, text);
    },
    collect: async scope => {
      const text = own.get(scope);
      return new Map(text === undefined ? [] : [['this', text]]);
    },
    forget: async scope => {
      own.delete(scope);
    },
  };
}
