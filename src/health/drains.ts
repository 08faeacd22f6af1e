import type { Target } from '../core/target.ts';
import type { StateStore } from '../state/state.ts';

/** What an operator takes out: a whole region, or one target by the name callers and metrics see. */
export type DrainScope = { readonly region: string } | { readonly model: string; readonly target: string };

/** Who took it out, when (ISO 8601) and why. */
export interface DrainNote {
  readonly by: string;
  readonly at: string;
  readonly reason: string;
}

/** A drain in force: what, by whom, when and why. */
export type Drain = DrainScope & DrainNote;

const regionPrefix = 'drain/region/';
const targetPrefix = 'drain/target/';

/** Operators' drains as kept in the state store, so that every replica and every restart knows them. */
export class Drains {
  readonly #state: StateStore;

  constructor(state: StateStore) {
    this.#state = state;
  }

  region(name: string): boolean {
    return this.#state.get(regionPrefix + name) !== undefined;
  }

  /** Whether the target or its region is drained. */
  covers(target: Target): boolean {
    return this.region(target.region) || this.#state.get(targetPrefix + nameOf(target)) !== undefined;
  }

  has(scope: DrainScope): boolean {
    return this.#state.get(keyOf(scope)) !== undefined;
  }

  /** Resolves once durable; rejects, and drains nothing, if it could not be kept. */
  add(scope: DrainScope, note: DrainNote): Promise<void> {
    return this.#state.set(keyOf(scope), JSON.stringify({ by: note.by, at: note.at, reason: note.reason }));
  }

  remove(scope: DrainScope): Promise<void> {
    return this.#state.delete(keyOf(scope));
  }

  list(): Drain[] {
    const regions = [...this.#state.list(regionPrefix)].map(([key, value]) => ({
      region: key.slice(regionPrefix.length),
      ...noteFrom(value),
    }));
    const targets = [...this.#state.list(targetPrefix)].map(([key, value]) => {
      const name = key.slice(targetPrefix.length);
      const slash = name.indexOf('/');
      return { model: name.slice(0, slash), target: name.slice(slash + 1), ...noteFrom(value) };
    });
    return [...regions, ...targets];
  }

  /** Calls `changed` when another replica drained or undrained something; returns a way to stop. */
  watch(changed: () => void): () => void {
    return this.#state.watch(key => {
      if (key.startsWith(regionPrefix) || key.startsWith(targetPrefix)) changed();
    });
  }
}

function nameOf(target: Target): string {
  return `${target.model}/${target.name}`;
}

function keyOf(scope: DrainScope): string {
  return 'region' in scope ? regionPrefix + scope.region : `${targetPrefix}${scope.model}/${scope.target}`;
}

/** The presence of the key drains; a note that cannot be read must not put the target back. */
function noteFrom(value: string): DrainNote {
  const unknown: DrainNote = { by: 'unknown', at: 'unknown', reason: 'the note cannot be read' };
  try {
    const note: unknown = JSON.parse(value);
    if (typeof note !== 'object' || note === null) return unknown;
    return { ...unknown, reason: '', ...onlyStrings(note) };
  } catch {
    return unknown;
  }
}

function onlyStrings(note: object): Partial<DrainNote> {
  const known = Object.entries(note).filter(
    ([key, value]) => ['by', 'at', 'reason'].includes(key) && typeof value === 'string',
  );
  return Object.fromEntries(known);
}
