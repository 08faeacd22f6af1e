import type { StateStore } from '../state/state.ts';
import { parse } from './json-values.ts';

/** A version that callers' calls go to because a canary ended with it. */
export interface PromotedVersion {
  readonly version: string;
  /** Of the model's last canary, if that is the one: its id, and when it ended (wall clock, ms). */
  readonly by?: { readonly canary: string; readonly atMs: number };
}

/** Promotions whose version needs a baseline of its own, kept until it has one: over restarts, by all replicas. */
export interface Promotions {
  /** The version of a model that is to have baselines of its own. */
  due(model: string): Promise<DueBaselines | undefined>;
  /** This scope of it has its baseline. */
  done(model: string, scope: string): Promise<void>;
}

/** A promoted version, the reason that all replicas name alike, and the scopes that have theirs. */
export interface DueBaselines {
  readonly version: string;
  readonly why: string;
  readonly done: readonly string[];
}

/** What is written down of a model's last promotion. */
interface Noted {
  readonly canary: string;
  readonly version: string;
  /** Scopes, `all` among them. */
  readonly done: readonly string[];
}

const prefix = 'rebaseline/';
/**
 * A process may die between a promotion and the note of it. One of longer ago that nothing is noted of is of a time
 * when the model was not monitored: the baseline that its config names was chosen since.
 */
const lateMs = 86_400_000;

/** In the state that replicas share. Rejects while they cannot agree. */
export function promotionsIn(ports: {
  readonly state: StateStore;
  wallMs(): number;
  promoted(model: string): PromotedVersion | undefined;
}): Promotions {
  const { state } = ports;
  const read = (model: string) => noted(state.get(prefix + model));
  const note = (model: string, next: Noted) =>
    state.replace(prefix + model, state.get(prefix + model), JSON.stringify(next));
  return {
    due: async model => {
      const now = ports.promoted(model);
      if (now === undefined) return undefined;
      const { version, by } = now;
      let last = read(model);
      if (by !== undefined && last?.canary !== by.canary) {
        if (by.atMs < ports.wallMs() - lateMs) return undefined;
        last = { canary: by.canary, version, done: [] };
        await note(model, last);
      }
      if (last?.version !== version) return undefined;
      return { version, why: `promoted by canary ${last.canary}`, done: last.done };
    },
    done: async (model, scope) => {
      const last = read(model);
      if (last !== undefined && !last.done.includes(scope)) await note(model, { ...last, done: [...last.done, scope] });
    },
  };
}

function noted(text: string | undefined): Noted | undefined {
  const value = text === undefined ? undefined : parse(text);
  if (typeof value !== 'object' || value === null) return undefined;
  const { canary, version, done } = value as Partial<Record<string, unknown>>;
  if (typeof canary !== 'string' || typeof version !== 'string' || !Array.isArray(done)) return undefined;
  return { canary, version, done: done.filter(scope => typeof scope === 'string') };
}
